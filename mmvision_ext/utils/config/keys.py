"""Dotted keys of a config: what they lead to."""

from collections.abc import Mapping
from typing import Any

from mmengine.config import Config

from mmvision_ext.utils.errors import InputError
from mmvision_ext.utils.nearest import nearest

MISSING = object()


def look_up(config: Config, key: str) -> Any:
    """The value at a dotted key.

    Args:
        config: A config.
        key: Dotted key; numbers count in lists.

    Returns:
        The value.

    Raises:
        InputError: There is no such key.
    """
    node: Any = config
    parts = key.split('.')
    for depth, part in enumerate(parts):
        deeper = child_of(node, part)
        if deeper is MISSING:
            where = '.'.join(parts[:depth]) or 'the top level'
            raise InputError(
                f"{key}: {config.filename} has no '{part}' at {where}"
                f'{nearest(part, names_in(node))}'
            )
        node = deeper
    return node


def child_of(node: Any, key: str) -> Any:
    """What a dict or list holds under a part of a dotted key.

    Args:
        node: A value of a config.
        key: Name in a dict, number in a list.

    Returns:
        The value; :data:`MISSING` where there is none.
    """
    if isinstance(node, (Mapping, Config)):
        return node.get(key, MISSING)
    if isinstance(node, (list, tuple)) and key.isdigit():
        return node[int(key)] if int(key) < len(node) else MISSING
    return MISSING


def names_in(node: Any) -> list[str]:
    """What a dotted key may go on with.

    Args:
        node: A value of a config.

    Returns:
        Keys of a dict, numbers of a list, else nothing.
    """
    if isinstance(node, (Mapping, Config)):
        return [str(name) for name in node]
    if isinstance(node, (list, tuple)):
        return [str(index) for index in range(len(node))]
    return []
