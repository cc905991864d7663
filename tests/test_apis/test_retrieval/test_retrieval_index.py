"""Index folders: round trip, damage, incremental updates."""

import hashlib
import json
import os
import pickle

import numpy as np
import pytest

from mmvision_ext.apis.retrieval import build, load_index, update_index
from mmvision_ext.utils import InputError


@pytest.fixture
def folder(encoder, colour_images, tmp_path):
    """An index of the colours."""
    update(encoder, colour_images, tmp_path / 'index')
    encoder.read.clear()
    return tmp_path / 'index'


def update(encoder, images, folder, **options):
    options = {'progress': False, 'recursive': True, **options}
    return update_index(encoder, images, folder, **options)


def test_round_trip(encoder, colour_images, folder):
    index = load_index(folder)
    assert [image.path for image in index.images] == [
        'black.png',
        'blue.png',
        'more/green.png',
        'red.png',
        'white.png',
        'yellow.png',
    ]
    assert index.model == encoder.identity
    assert index.names == encoder.names
    assert index.folder == colour_images
    assert (index.images[0].width, index.images[0].height) == (12, 8)
    assert index.scores[1] == pytest.approx([0, 0, 1])
    lengths = np.linalg.norm(index.vectors, axis=1)
    assert lengths == pytest.approx(np.ones(6))
    files = sorted(path.name.split('-')[0] for path in folder.iterdir())
    assert files == ['index.json', 'scores', 'vectors']


def test_batches_and_workers_change_nothing(encoder, colour_images, tmp_path):
    indices = [
        update(encoder, colour_images, tmp_path / str(size), **options)[0]
        for size, options in enumerate(
            (dict(batch_size=1), dict(batch_size=4, workers=1))
        )
    ]
    assert np.array_equal(indices[0].vectors, indices[1].vectors)
    assert indices[0].images == indices[1].images


def test_update_reads_what_is_new_or_changed(
    encoder, colour_images, folder, paint
):
    paint('late.png', 'red')
    changed = paint('blue.png', 'yellow')
    os.utime(changed, ns=(1, 1))
    (colour_images / 'red.png').unlink()
    index, changes = update(encoder, colour_images, folder)
    assert sorted(encoder.read) == ['blue.png', 'late.png']
    assert vars(changes) == dict(
        added=1, changed=1, removed=1, unchanged=4, left_out=0
    )
    scores = dict(
        zip([image.path for image in index.images], index.scores, strict=True)
    )
    assert 'red.png' not in scores
    assert scores['blue.png'] == pytest.approx([1, 1, 0])
    assert scores['late.png'] == pytest.approx([1, 0, 0])
    assert len(list(folder.iterdir())) == 3  # old arrays are gone

    encoder.read.clear()
    again, changes = update(encoder, colour_images, folder)
    assert not encoder.read and changes.unchanged == 6
    assert np.array_equal(again.vectors, index.vectors)
    fresh, _ = update(encoder, colour_images, folder.with_name('fresh'))
    assert np.array_equal(fresh.vectors, index.vectors)


def test_unreadable_files_are_named_and_tried_again(
    encoder, colour_images, folder, paint
):
    (colour_images / 'broken.jpg').write_text('no image')
    (colour_images / 'red.png').write_bytes(b'')
    index, changes = update(encoder, colour_images, folder)
    assert list(index.unreadable) == ['broken.jpg', 'red.png']
    assert 'broken.jpg' in load_index(folder).unreadable['broken.jpg']
    assert (changes.removed, len(index)) == (1, 5)
    paint('red.png', 'red')
    index, changes = update(encoder, colour_images, folder)
    assert list(index.unreadable) == ['broken.jpg']
    assert changes.added == 1


def test_nothing_to_index(encoder, tmp_path):
    images = tmp_path / 'empty'
    with pytest.raises(InputError, match='expected a folder'):
        update(encoder, images, tmp_path / 'index')
    images.mkdir()
    with pytest.raises(InputError, match='found none'):
        update(encoder, images, tmp_path / 'index')
    (images / 'broken.jpg').write_text('no image')
    with pytest.raises(InputError, match='found 1 that cannot'):
        update(encoder, images, tmp_path / 'index')
    with pytest.raises(InputError, match='batch_size'):
        update(encoder, images, tmp_path / 'index', batch_size=0)
    assert not (tmp_path / 'index').exists()


def test_index_inside_the_images_is_not_indexed(encoder, colour_images, paint):
    paint('index/picture.png', 'red')
    index, _ = update(encoder, colour_images, colour_images / 'index')
    assert len(index) == 6


def test_other_models_and_folders_are_refused(
    other_encoder, encoder, colour_images, folder, tmp_path
):
    with pytest.raises(InputError, match='expected the model that made it'):
        update(other_encoder, colour_images, folder)
    assert not other_encoder.read
    with pytest.raises(InputError, match='folder of images that it was'):
        update(encoder, colour_images / 'more', folder)


def test_interrupted_build_goes_on(
    encoder, colour_images, tmp_path, monkeypatch
):
    monkeypatch.setattr(build, 'SAVE_EVERY', 2)
    prepare = encoder.prepare

    def stop(source):
        if len(encoder.read) == 3:
            raise KeyboardInterrupt
        return prepare(source)

    monkeypatch.setattr(encoder, 'prepare', stop)
    with pytest.raises(KeyboardInterrupt):
        update(encoder, colour_images, tmp_path / 'index', batch_size=1)
    assert len(load_index(tmp_path / 'index')) == 2
    monkeypatch.setattr(encoder, 'prepare', prepare)
    _, changes = update(encoder, colour_images, tmp_path / 'index')
    assert vars(changes) == dict(
        added=4, changed=0, removed=0, unchanged=2, left_out=0
    )


def test_failed_save_leaves_the_old_index(
    encoder, colour_images, folder, paint, monkeypatch
):
    paint('late.png', 'red')
    before = load_index(folder)

    def fail(*_):
        raise OSError('disk full')

    monkeypatch.setattr('mmvision_ext.apis.retrieval.index.write_text', fail)
    with pytest.raises(OSError, match='disk full'):
        update(encoder, colour_images, folder)
    after = load_index(folder)
    assert after.images == before.images
    assert np.array_equal(after.vectors, before.vectors)


def edit(folder, change):
    """Change index.json."""
    path = folder / 'index.json'
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def replace_array(folder, data):
    """Put other data in the place of the vectors, with their checksum."""
    digest = hashlib.sha256(data).hexdigest()
    name = f'vectors-{digest[:12]}.npy'
    (folder / name).write_bytes(data)
    entry = dict(file=name, sha256=digest)
    edit(folder, lambda content: content['arrays'].update(vectors=entry))


def array_data(folder, array):
    np.save(folder / 'made.npy', array)
    return (folder / 'made.npy').read_bytes()


@pytest.mark.parametrize(
    'change',
    [
        lambda content: content.update(format='another'),
        lambda content: content.pop('model'),
        lambda content: content['model'].pop('sha256'),
        lambda content: content['model'].update(extra=1),
        lambda content: content['names'].pop(),
        lambda content: content.update(names=[1, 2, 3]),
        lambda content: content['images'].pop(),
        lambda content: content['images'].append('text'),
        lambda content: content['images'][0].update(path='/etc/x.png'),
        lambda content: content['images'][0].update(path='../x.png'),
        lambda content: content['images'][0].update(path=3),
        lambda content: content['images'][0].update(bytes='many'),
        lambda content: content['arrays'].pop('scores'),
        lambda content: content['arrays']['vectors'].update(file='../x.npy'),
        lambda content: content['arrays']['vectors'].update(sha256='0'),
        lambda content: content.update(images=None),
        lambda content: content.update(unreadable=3),
        lambda content: content.update(folder=None),
    ],
)
def test_changed_index_file(folder, change):
    edit(folder, change)
    with pytest.raises(InputError, match=r'index is damaged: remove .*index'):
        load_index(folder)


@pytest.mark.parametrize('text', ['', '{', '[]', 'null', '[' * 100000, '\xff'])
def test_unreadable_index_file(folder, text):
    (folder / 'index.json').write_bytes(text.encode('latin-1'))
    with pytest.raises(InputError, match='index is damaged'):
        load_index(folder)


def test_missing_files(folder, tmp_path):
    with pytest.raises(InputError, match='retrieve.py build'):
        load_index(tmp_path / 'nothing')
    next(folder.glob('vectors-*')).unlink()
    with pytest.raises(InputError, match='index is damaged'):
        load_index(folder)


def test_cut_array(folder):
    path = next(folder.glob('vectors-*'))
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(InputError, match='another checksum'):
        load_index(folder)


def test_pickled_array_is_not_unpickled(folder, tmp_path):
    class Trap:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / 'sprung'),)

    traps = np.array([Trap()] * 6, dtype=object)
    for data in (array_data(folder, traps), pickle.dumps(Trap())):
        (tmp_path / 'sprung').exists() and (tmp_path / 'sprung').rmdir()
        replace_array(folder, data)
        with pytest.raises(InputError, match='index is damaged'):
            load_index(folder)
        assert not (tmp_path / 'sprung').exists()


@pytest.mark.parametrize(
    'array',
    [
        np.zeros((5, 3), np.float32),
        np.zeros(6, np.float32),
        np.zeros((6, 3), np.float64),
        np.full((6, 3), np.nan, np.float32),
    ],
)
def test_arrays_of_another_kind(folder, array):
    replace_array(folder, array_data(folder, array))
    with pytest.raises(InputError, match='index is damaged'):
        load_index(folder)


def test_folders_are_left_out_unless_asked_for(encoder, colour_images, folder):
    index, changes = update(encoder, colour_images, folder, recursive=False)
    assert (len(index), changes.removed, changes.left_out) == (5, 1, 1)
    index, changes = update(encoder, colour_images, folder)
    assert (len(index), changes.added, changes.left_out) == (6, 1, 0)
