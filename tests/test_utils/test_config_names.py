"""Configs by name, weights by the model index."""

from pathlib import Path

import pytest

from mmvision_ext.utils import InputError, model_index
from mmvision_ext.utils.model_index import (
    config_names,
    find_config,
    index_root,
    published_weights,
)

METAFILE = """
Collections:
- Name: Nets
Models:
- Name: net-a_1xb8_data
  In Collection: Nets
  Config: configs/nets/net-a_1xb8_data.py
  Weights: https://example.org/net-a.pth
- Name: net-b_1xb8_data
  In Collection: Nets
  Config: configs/nets/net-b_1xb8_data.py
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch) -> Path:
    """A checkout with two configs, one of which has weights."""
    for name in (
        '_base_/data',
        'nets/net-a_1xb8_data',
        'nets/net-b_1xb8_data',
    ):
        path = tmp_path / 'configs' / f'{name}.py'
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('a = 1\n')
    (tmp_path / 'configs' / 'nets' / 'metafile.yml').write_text(METAFILE)
    (tmp_path / 'model-index.yml').write_text(
        'Import:\n- configs/nets/metafile.yml\n'
    )
    monkeypatch.setattr(model_index, 'PACKAGE', tmp_path / 'package')
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_names_are_those_of_the_files(root: Path) -> None:
    assert index_root() == root
    assert list(config_names()) == ['net-a_1xb8_data', 'net-b_1xb8_data']
    path = root / 'configs' / 'nets' / 'net-b_1xb8_data.py'
    assert find_config('net-b_1xb8_data') == path


def test_a_work_directory_does_not_hide_a_name(root: Path) -> None:
    """Trainings lie in folders of the names of their configs."""
    path = root / 'configs' / 'nets' / 'net-a_1xb8_data.py'
    (root / 'net-a_1xb8_data').mkdir()
    assert find_config('net-a_1xb8_data') == path


def test_an_installed_package_has_its_own(root: Path) -> None:
    (root / 'package').mkdir()
    (root / 'configs').rename(root / 'package' / 'configs')
    assert index_root() is None and config_names() == {}
    with pytest.raises(InputError, match='no weights of net-a_1xb8_data'):
        published_weights('net-a_1xb8_data')
    (root / 'package' / '.mim').mkdir()
    (root / 'package' / 'configs').rename(root / 'package/.mim/configs')
    assert index_root() == root / 'package' / '.mim'
    assert len(config_names()) == 2


def test_files_come_first_and_are_not_looked_up(root: Path) -> None:
    (root / 'net-a_1xb8_data').write_text('')
    for name in ('net-a_1xb8_data', 'gone.py', 'folder/net-b_1xb8_data'):
        assert find_config(name) == Path(name)


def test_unknown_names_have_near_ones(root: Path) -> None:
    with pytest.raises(InputError) as error:
        find_config('net-a_1xb8_dato')
    assert (
        "one of the 2 names of configs, found 'net-a_1xb8_dato'; did you mean "
        "'net-a_1xb8_data' or 'net-b_1xb8_data'?" in str(error.value)
    )


def test_weights_of_the_index(root: Path) -> None:
    expected = 'https://example.org/net-a.pth'
    assert published_weights('x/net-a_1xb8_data.py') == expected
    with pytest.raises(InputError, match='no weights of net-b_1xb8_data are'):
        published_weights(root / 'configs/nets/net-b_1xb8_data.py')
    with pytest.raises(InputError, match='no weights of this config'):
        published_weights(None)


@pytest.mark.parametrize('text', ['a: [', '- a', ''])
def test_an_index_that_cannot_be_read(root: Path, text: str) -> None:
    (root / 'configs' / 'nets' / 'metafile.yml').write_text(text)
    with pytest.raises(InputError, match='metafile.yml: '):
        published_weights('net-a_1xb8_data')


def test_every_config_of_this_repository_has_its_own_name(
    repository: Path,
) -> None:
    files = [
        path
        for path in (repository / 'configs').glob('*/*.py')
        if path.parent.name != '_base_'
    ]
    assert len(config_names(repository)) == len(files) > 100
