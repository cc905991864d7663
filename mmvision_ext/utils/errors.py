"""The error that a user can mend."""


class InputError(ValueError):
    """A config, file or argument cannot be used.

    The message says what was expected, what was found, in which file or key,
    and the edit or command that mends it. The command-line tools print it
    without a traceback.
    """
