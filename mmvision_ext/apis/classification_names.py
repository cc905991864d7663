"""Classes by the names that a user writes."""

from collections.abc import Sequence

from mmvision_ext.utils import InputError
from mmvision_ext.utils.nearest import did_you_mean


def class_index(name: str, classes: Sequence[str]) -> int:
    """Position of a class given by name, or by index.

    Args:
        name: Name of a class, or its index.
        classes: Names of the classes.

    Returns:
        The index.

    Raises:
        InputError: There is no such class.
    """
    if name in classes:
        return list(classes).index(name)
    if name.isdecimal() and int(name) < len(classes):
        return int(name)
    raise InputError(
        f'class: expected one of the {len(classes)} classes, such as '
        f'{classes[0]}, or an index below {len(classes)}, found {name!r}'
        f'{did_you_mean(name, classes, 3) or "."}'
    )
