"""Reading of config files, with one clear error."""

from pathlib import Path

from mmengine.config import Config

from mmvision_ext.utils.errors import InputError
from mmvision_ext.utils.nearest import did_you_mean

from .layers import missing_base

SUFFIXES = ('.py', '.yaml', '.yml', '.json')


def read_config(path: str | Path) -> Config:
    """Read a config file.

    Args:
        path: The file.

    Returns:
        The config, its bases merged.

    Raises:
        InputError: The file does not exist, naming the nearest one of its
            folder, or cannot be read.
    """
    path = Path(path)
    if not path.is_file():
        names = [item.name for item in path.parent.glob('*')]
        raise InputError(
            f'config: expected a file, found none at {path}'
            f'{did_you_mean(path.name, names) or "."}'
        )
    if path.suffix not in SUFFIXES:
        raise InputError(
            f'config: expected a file *{", *".join(SUFFIXES)}, found '
            f'{path}. The config comes before the checkpoint.'
        )
    try:
        return Config.fromfile(path)
    except Exception as error:  # a config is a program
        lost = missing_base(path)
        if lost is not None and not isinstance(error, ImportError):
            file, name, base = lost
            names = [item.name for item in base.parent.glob('*')]
            raise InputError(
                f"config {file}: _base_: no file for '{name}'"
                f'{did_you_mean(base.name, names)}'
            ) from error
        raise InputError(
            f'config {path}: cannot be read: {type(error).__name__}: {error}'
        ) from error
