"""Checks of the numbers that a caller gives."""

from numbers import Integral, Real
from typing import Any

from .errors import InputError


def check_count(value: Any, name: str) -> None:
    """Make sure that a number of things is one.

    Args:
        value: What the caller gave.
        name: The argument or option, for messages.

    Raises:
        InputError: It is no whole number, or below 1.
    """
    if not _is_number(value, Integral) or value < 1:
        raise InputError(
            f'{name}: expected a whole number of at least 1, found {value!r}.'
        )


def check_share(value: Any, name: str, instead: str = '') -> None:
    """Make sure that a score or a share is one.

    Args:
        value: What the caller gave.
        name: The argument or option, for messages.
        instead: What else could be given, such as ``', or a file'``.

    Raises:
        InputError: It is no number, or not in [0, 1].
    """
    if not _is_number(value, Real) or not 0 <= value <= 1:
        raise InputError(
            f'{name}: expected a number from 0 to 1{instead}, found {value!r}.'
        )


def _is_number(value: Any, kind: type) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)
