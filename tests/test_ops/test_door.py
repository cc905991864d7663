"""The file through which mmcv finds the stand-ins."""

import subprocess
import sys
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest

from mmvision_ext.ops import door
from mmvision_ext.ops.__main__ import main


@pytest.fixture
def mmcv_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed mmcv, as far as the door can see."""
    folder = tmp_path / 'mmcv'
    folder.mkdir()
    (folder / '__init__.py').write_text("raise RuntimeError('imported')\n")
    monkeypatch.delitem(sys.modules, 'mmcv', raising=False)
    monkeypatch.setattr(sys, 'path', [str(tmp_path)])
    return folder


def test_writes_once_and_says_so(mmcv_folder: Path) -> None:
    file = mmcv_folder / '_ext.py'
    assert door.open_door() == (
        f'Wrote {file}: mmcv uses the torchvision stand-ins.'
    )
    assert file.read_text() == door.DOOR_TEXT
    assert 'up to date' in door.open_door()
    assert door.require() == door.STAND_IN


def test_the_file_has_three_lines() -> None:
    assert len(door.DOOR_TEXT.splitlines()) == 3


def test_replaces_an_older_file_of_ours(mmcv_folder: Path) -> None:
    file = mmcv_folder / '_ext.py'
    file.write_text('from mmvision_ext.ops.gone import *\n')
    assert door.open_door().startswith('Wrote')
    assert file.read_text() == door.DOOR_TEXT


@pytest.mark.parametrize('suffix', EXTENSION_SUFFIXES)
def test_a_compiled_extension_wins(mmcv_folder: Path, suffix: str) -> None:
    library = mmcv_folder / f'_ext{suffix}'
    library.touch()
    assert door.open_door() == f'mmcv is compiled ({library}): nothing to do.'
    assert door.require() == door.COMPILED
    (mmcv_folder / '_ext.py').write_text(door.DOOR_TEXT)
    assert door.require() == door.COMPILED
    assert 'removed the stand-in' in door.open_door()
    assert not (mmcv_folder / '_ext.py').exists()


def test_an_extension_for_another_python_does_not_count(
    mmcv_folder: Path,
) -> None:
    (mmcv_folder / '_ext.cpython-27-other.so').touch()
    assert door.ops_kind() == door.MISSING


def test_leaves_a_foreign_file_alone(
    mmcv_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = mmcv_folder / '_ext.py'
    file.write_text('nms = None\n')
    with pytest.raises(SystemExit, match='was not written by mmvision_ext'):
        main([])
    assert file.read_text() == 'nms = None\n'
    assert capsys.readouterr().out == ''


def test_require_names_both_commands(mmcv_folder: Path) -> None:
    with pytest.raises(ImportError) as caught:
        door.require()
    assert 'python -m mmvision_ext.ops' in str(caught.value)
    assert 'bash tools/install.sh --compile-ops' in str(caught.value)
    assert str(mmcv_folder) in str(caught.value)


@pytest.mark.parametrize('left_over', [False, True])
def test_without_mmcv(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, left_over: bool
) -> None:
    if left_over:
        (tmp_path / 'mmcv').mkdir()
    monkeypatch.delitem(sys.modules, 'mmcv', raising=False)
    monkeypatch.setattr(sys, 'path', [str(tmp_path)])
    with pytest.raises(ModuleNotFoundError, match='mmcv is not installed'):
        door.require()


def test_looking_imports_nothing_heavy() -> None:
    code = (
        'import sys; from mmvision_ext.ops import require; require(); '
        "print(sorted({'torch', 'mmcv', 'numpy'} & set(sys.modules)))"
    )
    shown = subprocess.run(
        [sys.executable, '-c', code],
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout == '[]\n'
