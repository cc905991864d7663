"""Parts of a training whose state no checkpoint has."""

from collections.abc import Iterator, Mapping
from typing import Any

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
    names = {kind.rpartition('.')[2] for kind in _types(cfg)}
    return [
        f'{name} {_REASONS[name]}' for name in sorted(names & set(_REASONS))
    ]


def _types(node: Any) -> Iterator[str]:
    if isinstance(node, Mapping):
        kind = node.get('type')
        if kind is not None:
            yield kind if isinstance(kind, str) else str(kind.__name__)
        node = [*node.values()]
    if isinstance(node, list | tuple):
        for part in node:
            yield from _types(part)
