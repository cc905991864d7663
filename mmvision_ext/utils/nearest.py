"""What a mistyped name may have meant."""

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(name: object, valid: Iterable[str], count: int = 1) -> str:
    """The end of a message about an unknown name, where one is near.

    Args:
        name: What the user wrote.
        valid: Names that would be right.
        count: Number of names shown at most.

    Returns:
        ``"; did you mean 'seeds'?"``, with ``or`` between several names;
        empty where none is near.
    """
    found = get_close_matches(str(name), list(valid), n=count)
    if not found:
        return ''
    return f'; did you mean {" or ".join(map(repr, found))}?'


def nearest(name: object, valid: Iterable[str]) -> str:
    """The end of a message about an unknown name, for few valid ones.

    Args:
        name: What the user wrote.
        valid: Names that would be right.

    Returns:
        ``"; did you mean 'seeds'?"`` where a name is near, else the list.
    """
    valid = list(valid)
    return (
        did_you_mean(name, valid)
        or f'; there are {", ".join(valid) or "none"}.'
    )
