"""Images of a folder, and what is left out of it."""

import os
from pathlib import Path

import pytest

from mmvision_ext.apis.image_folder import check_names, list_images
from mmvision_ext.apis.sources import list_sources
from mmvision_ext.utils import InputError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ('b.png', 'a.JPG', 'x/y/c.jpg', 'z/d.jpg', 'n/no.txt'):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (tmp_path / 'folder.jpg').mkdir()
    return tmp_path


def test_folders_are_counted_or_taken(folder: Path) -> None:
    flat = [folder / 'a.JPG', folder / 'b.png']
    assert list_images(folder) == (flat, 2)
    deep = [folder / 'x/y/c.jpg', folder / 'z/d.jpg']
    assert list_images(folder, recursive=True) == (flat + deep, 0)
    (folder / 'folder.jpg').rmdir()
    assert [source.path for source in list_sources(folder)] == flat


def test_folders_without_images(folder: Path) -> None:
    with pytest.raises(InputError, match='images: expected a folder'):
        list_images(folder / 'a.JPG')
    with pytest.raises(InputError, match='found none; .*left out: 1 '):
        list_images(folder / 'x')


def test_names_that_are_no_text(folder: Path) -> None:
    check_names(['ä/猫.jpg'])
    name = os.fsdecode(b'\xff\xe4.jpg')
    with pytest.raises(InputError, match=r'found 1 in another.*\n  .*udcff'):
        check_names(['a.jpg', f'{folder}/{name}'])
