"""Names of the types that configs have."""

from typing import Any


def type_name(kind: Any) -> str:
    """Name of a type, however a config gives it.

    Args:
        kind: A text, with its scope or without, or a class; anything else
            has no name.

    Returns:
        The name without scope and module; empty where there is none.
    """
    if isinstance(kind, str):
        return kind.rpartition('.')[2]
    return getattr(kind, '__name__', '')
