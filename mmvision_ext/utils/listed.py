"""Names in a message, of which there may be many."""

from collections.abc import Iterable


def listed(names: Iterable[str], count: int) -> str:
    """The first names, and how many others there are.

    Args:
        names: The names.
        count: How many are named at most.

    Returns:
        Such as ``"a, b and 3 more"``; empty without names.
    """
    names = list(names)
    more = f' and {len(names) - count} more' if len(names) > count else ''
    return ', '.join(names[:count]) + more
