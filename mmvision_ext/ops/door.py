"""The one file in the installed mmcv through which the stand-ins are found.

Nothing here imports mmcv or torch: the file is looked for on disk, since
``import mmcv.ops`` fails as long as it is absent.
"""

from importlib.machinery import EXTENSION_SUFFIXES
from importlib.util import find_spec
from pathlib import Path

COMPILED = 'compiled'
STAND_IN = 'stand-in'
MISSING = 'missing'

DOOR_COMMAND = 'python -m mmvision_ext.ops'
COMPILE_COMMAND = 'bash tools/install.sh --compile-ops'
INSTALL_COMMAND = 'bash tools/install.sh'
DOOR_TEXT = '''\
"""Torchvision stand-ins, written by ``python -m mmvision_ext.ops``."""
from mmvision_ext.ops.mmcv_ext import *  # noqa: F401,F403
from mmvision_ext.ops.mmcv_ext import __getattr__  # noqa: F401
'''
DOOR_MARK = 'mmvision_ext.ops'


def mmcv_root() -> Path:
    """Folder of the installed mmcv, found without importing it.

    Returns:
        The folder that holds mmcv's ``__init__.py``.

    Raises:
        ModuleNotFoundError: If mmcv is not installed, or only a left-over
            folder without ``__init__.py`` is.
    """
    spec = find_spec('mmcv')
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(
            'mmcv is not installed in this Python environment. Install the '
            f'tested set with `{INSTALL_COMMAND}`, or onedl-mmcv with '
            '`pip install --no-cache-dir onedl-mmcv`.'
        )
    return Path(spec.origin).parent


def compiled_extension(root: Path) -> Path | None:
    """Compiled extension that this Python would load from mmcv's folder.

    Args:
        root: Folder of the installed mmcv.

    Returns:
        Path of the ``_ext`` library, or None where there is none for this
        Python version.
    """
    for suffix in EXTENSION_SUFFIXES:
        path = root / f'_ext{suffix}'
        if path.is_file():
            return path
    return None


def ops_kind() -> str:
    """Where mmcv's operators come from in this environment.

    Returns:
        ``COMPILED``, ``STAND_IN`` or ``MISSING``.

    Raises:
        ModuleNotFoundError: If mmcv is not installed.
    """
    root = mmcv_root()
    if compiled_extension(root) is not None:
        return COMPILED
    return STAND_IN if (root / '_ext.py').is_file() else MISSING


def require() -> str:
    """Check, before mmdet is imported, that mmcv's operators can be found.

    Returns:
        ``COMPILED`` or ``STAND_IN``.

    Raises:
        ModuleNotFoundError: If mmcv is not installed.
        ImportError: If mmcv has neither a compiled extension nor the
            stand-in, so that ``import mmcv.ops`` would fail.
    """
    kind = ops_kind()
    if kind == MISSING:
        raise ImportError(
            f'mmcv in {mmcv_root()} has neither compiled operators nor the '
            'torchvision stand-ins of mmvision_ext. Run '
            f'`{DOOR_COMMAND}` once (a second), or compile mmcv with '
            f'`{COMPILE_COMMAND}` (minutes).'
        )
    return kind


def open_door() -> str:
    """Write ``mmcv/_ext.py``, or remove it where mmcv is compiled.

    Returns:
        One sentence that says what was done.

    Raises:
        ModuleNotFoundError: If mmcv is not installed.
        FileExistsError: If an ``mmcv/_ext.py`` that is not ours is there.
    """
    root = mmcv_root()
    door = root / '_ext.py'
    found = door.read_text(encoding='utf-8') if door.is_file() else None
    if found is not None and DOOR_MARK not in found:
        raise FileExistsError(
            f'{door} was not written by mmvision_ext and is left alone. '
            f'Delete it and run `{DOOR_COMMAND}` again.'
        )
    library = compiled_extension(root)
    if library is not None:
        if found is None:
            return f'mmcv is compiled ({library}): nothing to do.'
        door.unlink()
        return f'mmcv is compiled ({library}): removed the stand-in {door}.'
    if found == DOOR_TEXT:
        return f'{door} is up to date: mmcv uses the torchvision stand-ins.'
    door.write_text(DOOR_TEXT, encoding='utf-8')
    return f'Wrote {door}: mmcv uses the torchvision stand-ins.'
