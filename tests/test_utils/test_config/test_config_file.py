"""Config files, and what is said of those that cannot be read."""

from pathlib import Path

import pytest

from mmvision_ext.utils import InputError
from mmvision_ext.utils.config.read import read_config


def test_a_config_is_read_with_its_bases(tmp_path: Path) -> None:
    (tmp_path / 'base.py').write_text('a = 1\nb = 2\n')
    (tmp_path / 'leaf.py').write_text("_base_ = './base.py'\nb = 3\n")
    config = read_config(tmp_path / 'leaf.py')
    assert (config.a, config.b) == (1, 3)


def test_the_nearest_file_is_named(tmp_path: Path) -> None:
    (tmp_path / 'resnet18_caltech101-cut.py').touch()
    with pytest.raises(InputError, match=r'mean .*101-cut\.py.\?'):
        read_config(tmp_path / 'resnet18_caltech101_cut.py')
    with pytest.raises(InputError, match=r'found none at \S+\.$'):
        read_config(tmp_path / 'nowhere' / 'x.py')


@pytest.mark.parametrize(
    'name, text, message',
    [
        ('epoch_1.pth', '', 'config comes before the checkpoint'),
        ('broken.py', 'a = (', 'SyntaxError'),
        ('baseless.py', "_base_ = './none.py'", 'none.py'),
    ],
)
def test_what_cannot_be_read(
    tmp_path: Path, name: str, text: str, message: str
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=message):
        read_config(tmp_path / name)
