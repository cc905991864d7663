"""The folder for results, looked at before anything is computed."""

import os
from pathlib import Path

from .errors import InputError


def check_folder(folder: str | Path, option: str = '--out') -> None:
    """Make sure that results can be written to a folder.

    Args:
        folder: The folder; it need not exist.
        option: The option that names it, for messages.

    Raises:
        InputError: It, or a folder above it, is a file or cannot be written.
    """
    path = Path(folder).absolute()
    there = next(item for item in (path, *path.parents) if item.exists())
    if not there.is_dir():
        raise InputError(
            f'{option}: expected a folder, found the file {there}.'
        )
    if not os.access(there, os.W_OK):
        raise InputError(
            f'{option}: expected a folder that can be written, found {there}.'
        )
