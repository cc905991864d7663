"""Models are found in folders, and loaded when they are asked for."""

import os
import shutil
from pathlib import Path

import pytest

from mmvision_ext.apis import OpenVocabDetInferencer
from mmvision_ext.utils import InputError
from mmvision_ext.webapp.catalog import (
    Catalog,
    Entry,
    find_models,
    join,
    named_model,
)
from mmvision_ext.webapp.models import (
    LOWEST_SCORE,
    WORDS,
    ModelStore,
    split_words,
)


@pytest.fixture
def catalog(models_folder: Path) -> Catalog:
    return find_models([models_folder])


def test_work_directories_are_found_at_any_depth(catalog: Catalog) -> None:
    assert {entry.name: entry.task for entry in catalog.entries} == {
        'models/more/animals': 'classification',
        'models/more/attributes': 'attributes',
        'models/shapes': 'detection',
        'models/words': 'open-vocabulary detection',
    }
    assert catalog.left_out == ()


def test_a_work_directory_itself_is_a_model(models_folder: Path) -> None:
    [entry] = find_models([models_folder / 'shapes']).entries
    assert entry.name == 'shapes'


def test_of_several_configs_the_one_written_last(
    models_folder: Path, tmp_path: Path
) -> None:
    folder = tmp_path / 'twice'
    shutil.copytree(models_folder / 'more' / 'animals', folder)
    older = folder / 'older.py'
    older.write_text("default_scope = 'mmdet'\nmodel = dict(type='A')\n")
    os.utime(older, (1, 1))
    [entry] = find_models([folder]).entries
    assert (entry.config.name, entry.task) == ('config.py', 'classification')
    os.utime(older)
    os.utime(folder / 'config.py', (1, 1))
    [entry] = find_models([folder]).entries
    assert (entry.config.name, entry.task) == ('older.py', 'detection')


def test_what_cannot_be_offered_is_named(
    models_folder: Path, tmp_path: Path
) -> None:
    shutil.copytree(models_folder / 'shapes', tmp_path / 'good')
    for name, text in (('bad', 'model = ('), ('none', 'lr = 1')):
        shutil.copytree(models_folder / 'shapes', tmp_path / name)
        (tmp_path / name / 'config.py').write_text(text)
    found = find_models([tmp_path])
    assert [entry.name for entry in found.entries] == [f'{tmp_path.name}/good']
    bad, none = sorted(found.left_out)
    assert bad.startswith(f'{tmp_path.name}/bad: ') and 'SyntaxError' in bad
    assert 'model: expected in the config, found none' in none


def test_folders_without_models(tmp_path: Path) -> None:
    with pytest.raises(InputError, match='expected a folder, found none'):
        find_models([tmp_path / 'no'])
    with pytest.raises(InputError, match='quickstart.sh trains one'):
        find_models([tmp_path])


def test_named_models(models_folder: Path) -> None:
    folder = models_folder / 'shapes'
    files = (str(folder / 'config.py'), str(folder / 'epoch_1.pth'))
    entry = named_model('mine', *files)
    assert (entry.name, entry.task) == ('mine', 'detection')
    assert entry.find_checkpoint() == folder / 'epoch_1.pth'
    with pytest.raises(InputError, match='--model mine: expected a check'):
        named_model('mine', files[0], 'no.pth')
    names = [item.name for item in join([entry, entry, entry]).entries]
    assert names == ['mine', 'mine (2)', 'mine (3)']


def test_the_newest_checkpoint_that_verifies(
    models_folder: Path, tmp_path: Path
) -> None:
    folder = tmp_path / 'run'
    shutil.copytree(models_folder / 'more' / 'animals', folder)
    damaged = folder / 'epoch_2.pth'
    damaged.write_bytes((folder / 'epoch_1.pth').read_bytes()[:-3000])
    [entry] = find_models([folder]).entries
    assert entry.find_checkpoint() == folder / 'epoch_1.pth'
    (folder / 'epoch_1.pth').unlink()
    with pytest.raises(InputError, match='no checkpoint verifies'):
        entry.find_checkpoint()


def test_models_stay_loaded_up_to_the_capacity(catalog: Catalog) -> None:
    store = ModelStore(catalog, 'cpu', capacity=2)
    first = store.get('models/more/animals', 'classification')
    assert store.get('models/more/animals', 'classification') is first
    store.get('models/more/attributes', 'attributes')
    assert store.get('models/more/animals', 'classification') is first
    store.get('models/words', WORDS)  # the attributes have to go
    assert store.get('models/more/animals', 'classification') is first
    assert first.origin == dict(
        model='models/more/animals',
        config='config.py',
        checkpoint='epoch_1.pth',
    )


def test_options_of_each_task(catalog: Catalog) -> None:
    store = ModelStore(catalog, 'cpu')
    words = store.get('models/words', WORDS)
    assert isinstance(words.run, OpenVocabDetInferencer)
    assert words.words == ('airplane', 'ship')
    assert words.run.score_thr == LOWEST_SCORE
    assert store.names('detection') == ['models/shapes']
    with pytest.raises(InputError, match="found 'models/shapes'"):
        store.get('models/shapes', 'classification')


def test_a_model_that_cannot_be_loaded_is_no_model() -> None:
    entry = Entry('gone', 'detection', Path('no.py'), Path('no.pth'))
    store = ModelStore(Catalog((entry,)), 'cpu')
    with pytest.raises(InputError, match='expected a file'):
        store.get('gone', 'detection')


def test_words_as_people_write_them() -> None:
    text = ' ship,storage   tank;\nship\n, harbor,'
    assert split_words(text) == ['ship', 'storage tank', 'harbor']
    assert split_words(' , \n') == []
