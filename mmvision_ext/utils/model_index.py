"""Configs by name, and weights by the model index, as mim lays them out."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from .config.read import SUFFIXES
from .errors import InputError
from .nearest import did_you_mean

INDEX = 'model-index.yml'
PACKAGE = Path(__file__).resolve().parents[1]


def index_root() -> Path | None:
    """The folder of ``configs/`` and ``model-index.yml``.

    Returns:
        ``.mim`` in an installed package, else the checkout; None where the
        package has neither.
    """
    for root in (PACKAGE / '.mim', PACKAGE.parent):
        if (root / 'configs' / '_base_').is_dir():
            return root
    return None


def config_names(root: Path | None = None) -> dict[str, Path]:
    """All configs that have a name.

    Args:
        root: See :func:`index_root`, which None calls.

    Returns:
        Name (that of the file, without ``.py``) to the file, by name.
    """
    root = root or index_root()
    if root is None:
        return {}
    found = (
        path
        for path in (root / 'configs').glob('*/*.py')
        if path.parent.name != '_base_'
    )
    return {path.stem: path for path in sorted(found, key=lambda p: p.stem)}


def find_config(name: str | Path) -> Path:
    """The config file that a user means.

    Args:
        name: A file, or the name of a config.

    Returns:
        The file of that name, or else what was given, where it looks like a
        file.

    Raises:
        InputError: It looks like a name, and there is no such config; names
            the nearest ones.
    """
    path = Path(name)
    if path.is_file() or path.suffix in SUFFIXES or len(path.parts) != 1:
        return path
    names = config_names()
    if path.name not in names:
        raise InputError(
            f'config: expected a file or one of the {len(names)} names of '
            f'configs, found {path.name!r}'
            f'{did_you_mean(path.name, names, 3) or "."}'
        )
    return names[path.name]


def published_weights(config: str | Path | None) -> str:
    """Where the weights of a config are published.

    Args:
        config: Config file, whose name counts; None for a config without.

    Returns:
        The address in the model index.

    Raises:
        InputError: The model index has none, or cannot be read.
    """
    name = Path(config).stem if config else 'this config'
    for model in _models(index_root()):
        if model.get('Name') == name and model.get('Weights'):
            return str(model['Weights'])
    raise InputError(
        f'checkpoint: found none, and no weights of {name} are published in '
        'the model index. Train the config (mmvision train CONFIG) and give '
        'the checkpoint of its work directory.'
    )


def _models(root: Path | None) -> Iterator[dict[str, Any]]:
    """Entries of all metafiles that the model index lists."""
    if root is None or not (root / INDEX).is_file():
        return
    for name in _read(root / INDEX).get('Import') or []:
        for model in _read(root / name).get('Models') or []:
            if isinstance(model, dict):
                yield model


def _read(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text('utf-8'))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(f'{path}: cannot be read: {error}') from error
    if not isinstance(content, dict):
        raise InputError(
            f'{path}: expected keys and values, found '
            f'{type(content).__name__}.'
        )
    return content
