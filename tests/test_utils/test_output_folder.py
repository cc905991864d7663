"""Folders for results that cannot be written."""

import os
from pathlib import Path

import pytest

from mmvision_ext.utils import InputError
from mmvision_ext.utils.output_folder import check_folder


def test_a_folder_need_not_exist(tmp_path: Path) -> None:
    check_folder(tmp_path)
    check_folder(tmp_path / 'a' / 'b')
    assert not (tmp_path / 'a').exists()


@pytest.mark.parametrize('part', ['', 'below'])
def test_a_file_is_no_folder(tmp_path: Path, part: str) -> None:
    file = tmp_path / 'taken'
    file.touch()
    with pytest.raises(InputError, match=f'found the file {file}'):
        check_folder(file / part)


def test_a_folder_that_cannot_be_written(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(os, 'access', lambda path, mode: path != tmp_path)
    with pytest.raises(InputError, match=f'can be written, found {tmp_path}'):
        check_folder(tmp_path / 'new')
