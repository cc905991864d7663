"""Parts of a training whose state no checkpoint has."""

from collections.abc import Iterator, Mapping
from typing import Any

from mmvision_ext.utils.type_name import type_name

_REASONS = {
    'CachedMosaic': 'keeps images of earlier samples',
    'CachedMixUp': 'keeps images of earlier samples',
    'BatchSyncRandomResize': 'keeps its size for several steps',
}


def find_stateful_parts(cfg: Any) -> list[str]:
    """Name the parts of a config that do not resume exactly.

    Args:
        cfg: A config, or a part of one.

    Returns:
        Each with what it keeps, in alphabetical order.
    """
    return [
        f'{name} {_REASONS[name]}'
        for name in sorted({*_types(cfg)} & _REASONS.keys())
    ]


def _types(node: Any) -> Iterator[str]:
    if isinstance(node, Mapping):
        yield type_name(node.get('type'))
        node = [*node.values()]
    if isinstance(node, list | tuple):
        for part in node:
            yield from _types(part)
