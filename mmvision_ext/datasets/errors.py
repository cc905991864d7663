"""What can be wrong with a dataset on disk."""

from pathlib import Path

from mmvision_ext.utils import InputError


class AnnotationError(InputError):
    """An annotation file is malformed; the message names file and field."""


class DatasetError(InputError):
    """A dataset cannot be used as configured; the message names the key."""


def require_file(path: Path, key: str, content: str) -> None:
    """Check that a file of a dataset exists.

    Args:
        path: The file.
        key: Argument that names it, for the message.
        content: What the file holds, for the message.

    Raises:
        DatasetError: If there is no such file.
    """
    if not path.is_file():
        raise DatasetError(
            f"{key}: expected {content}, found no file '{path}'"
        )
