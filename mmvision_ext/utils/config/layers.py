"""The files of which a config consists, each with what it says itself."""

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FunctionType, ModuleType
from typing import Any

from mmengine.config import Config, ConfigDict
from mmengine.fileio import load

_BASE = '_base_'


@dataclass
class Layer:
    """One file of a config.

    Attributes:
        path: The file.
        own: What it says, its bases left out, ``_delete_`` included.
    """

    path: Path
    own: dict[str, Any]


def read_layers(path: str | Path) -> tuple[dict[str, Any], list[Layer]]:
    """Read a config as :meth:`mmengine.config.Config.fromfile` does.

    Args:
        path: Config file whose bases are named by ``_base_``.

    Returns:
        The merged settings, and the files in the order in which they are
        merged: the bases of a file before the file.
    """
    path = Path(path).expanduser().absolute()
    layers: list[Layer] = []
    with TemporaryDirectory() as folder:
        text = str(Path(folder) / f'config{path.suffix}')
        Config._substitute_predefined_vars(str(path), text)
        Config._substitute_env_variables(text, text)
        variables = Config._pre_substitute_base_vars(text, text)
        bases = ConfigDict()
        for name in Config._get_base_files(text):
            base, scope = Config._get_cfg_path(name, str(path))
            settings, below = read_layers(base)
            layers += below
            bases.update(Config._dict_to_config_dict(settings, scope))
        own = _own_settings(text, bases)
    Config._parse_scope(own)
    own = Config._substitute_base_vars(own, variables, bases)
    for name in (_BASE, '_deprecation_'):
        own.pop(name, None)
    layers.append(Layer(path, own))
    merged = Config._merge_a_into_b(copy.deepcopy(own), bases)
    return {
        key: value for key, value in merged.items() if not key.startswith('__')
    }, layers


def missing_base(path: str | Path) -> tuple[Path, str, Path] | None:
    """Find a base that does not exist.

    Args:
        path: Config file.

    Returns:
        The file that names it, the name, and where it would be; None if all
        bases exist or what is wrong is something else.
    """
    path = Path(path).expanduser().absolute()
    for name, base in _bases(path):
        if not base.is_file():
            return path, name, base
        found = missing_base(base)
        if found is not None:
            return found
    return None


def _bases(path: Path) -> Iterator[tuple[str, Path]]:
    """Names and places of a file's bases, as far as they can be read."""
    try:
        names = Config._get_base_files(str(path))
    except Exception:  # any fault of the file itself
        return
    for name in names:
        try:
            yield name, Path(Config._get_cfg_path(name, str(path))[0])
        except Exception:  # no such package or no such file in it
            yield name, path.parent / name


def _own_settings(path: str, bases: ConfigDict) -> dict[str, Any]:
    """Run or read one file."""
    if not path.endswith('.py'):
        return load(path)
    tree = ast.parse(Path(path).read_text('utf-8'))
    tree.body = [
        node
        for node in tree.body
        if not (
            isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Name)
            and node.targets[0].id == _BASE
        )
    ]
    names: dict[str, Any] = {_BASE: bases}
    exec(compile(tree, path, 'exec'), names)
    return {
        key: value
        for key, value in names.items()
        if key != _BASE
        and not key.startswith('__')
        and not isinstance(value, (FunctionType, ModuleType))
    }
