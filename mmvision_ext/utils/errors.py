"""The error that a user can mend."""

from typing import Any

BRIEF = 80  # characters


class InputError(ValueError):
    """A config, file or argument cannot be used.

    The message says what was expected, what was found, in which file or key,
    and the edit or command that mends it. The command-line tools print it
    without a traceback.
    """


def reason_of(error: BaseException) -> str:
    """What an error of another library says, for a message.

    Args:
        error: The error.

    Returns:
        The first line of its text; ``no reason given`` where it has none.
    """
    return (str(error).strip() or 'no reason given').splitlines()[0]


def brief(value: Any) -> str:
    """What was found in a file, for a message.

    Args:
        value: Anything, however long or deep.

    Returns:
        Its ``repr``, cut to :data:`BRIEF` characters.
    """
    try:
        text = repr(value)
    except (RecursionError, ValueError):  # deep, or too long a number
        return f'a very large {type(value).__name__}'
    return text if len(text) <= BRIEF else f'{text[: BRIEF - 3]}...'
