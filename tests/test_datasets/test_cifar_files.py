"""CIFAR-100 read from its three forms, and what can be wrong with them."""

import os
import pickle
import shutil

import numpy as np
import pytest
from PIL import Image

from mmvision_ext.datasets.cifar_files import CLASSES, read_cifar
from mmvision_ext.datasets.errors import DatasetError
from mmvision_ext.testing import data_root
from mmvision_ext.testing.small_cifar import make_cifar

FORMS = ('pickles', 'folders', 'stacks')
NAMES = ('apple', 'bear', 'whale')
ROOT = data_root()
CUT = ROOT / 'cifar100' if ROOT is not None else None


@pytest.fixture
def pickles(tmp_path):
    return make_cifar(tmp_path, 'pickles')


def rewrite(root, name, protocol=4, **entries):
    """Replace entries of a pickle file."""
    path = root / 'cifar-100-python' / name
    content = pickle.loads(path.read_bytes()) | entries
    path.write_bytes(pickle.dumps(content, protocol=protocol))


@pytest.mark.parametrize('split', ['train', 'test'])
def test_all_forms_give_the_same(tmp_path, split):
    found = [
        read_cifar(make_cifar(tmp_path / form, form), split) for form in FORMS
    ]
    count = 18 if split == 'train' else 12
    for one in found:
        np.testing.assert_array_equal(one.images, found[0].images)
        np.testing.assert_array_equal(one.labels, found[0].labels)
        assert one.images.shape == (count, 3, 32, 32)
        assert one.images.dtype == np.uint8 and one.labels.dtype == np.int64
        assert one.images.flags.c_contiguous
        assert one.classes == NAMES
        assert len(one.names) == len(set(one.names)) == count
    assert [one.form for one in found] == [
        'cifar-100-python',
        'class folders',
        'stacked files',
    ]


def test_pixels_are_rgb_with_rows_first(tmp_path):
    root = make_cifar(tmp_path, 'folders')
    picture = np.zeros((32, 32, 3), np.uint8)
    picture[2, 5] = (10, 20, 30)
    Image.fromarray(picture).save(root / 'train/apple/0000.png')
    image = read_cifar(root, 'train').images[0]
    assert image[:, 2, 5].tolist() == [10, 20, 30]
    assert image.sum() == 60


def test_order_of_forms(tmp_path):
    make_cifar(tmp_path, 'folders', seed=1)
    make_cifar(tmp_path, 'pickles', seed=2)
    found = read_cifar(tmp_path, 'train')
    assert found.form == 'cifar-100-python'


@pytest.mark.parametrize('form', FORMS)
def test_first_images_of_each_class(tmp_path, form):
    root = make_cifar(tmp_path, form)
    if form == 'pickles':  # the published order mixes the classes
        order = np.random.default_rng(0).permutation(18)
        path = root / 'cifar-100-python/train'
        content = pickle.loads(path.read_bytes())
        rewrite(
            root,
            'train',
            data=content['data'][order],
            fine_labels=[content['fine_labels'][i] for i in order],
            filenames=[content['filenames'][i] for i in order],
        )
    whole = read_cifar(root, 'train')
    part = read_cifar(root, 'train', images_per_class=2)
    kept, seen = [], dict.fromkeys(range(3), 0)
    for index, label in enumerate(whole.labels.tolist()):
        if seen[label] < 2:
            kept.append(index)
        seen[label] += 1
    np.testing.assert_array_equal(part.images, whole.images[kept])
    np.testing.assert_array_equal(part.labels, whole.labels[kept])
    assert part.names == [whole.names[index] for index in kept]
    assert part.protocol == '2 training images a class'


def test_protocol_names_what_is_missing(tmp_path):
    root = make_cifar(tmp_path, 'pickles', CLASSES, 2, 1)
    assert read_cifar(root, 'train').protocol == (
        '2 of 500 training images a class'
    )
    assert read_cifar(root, 'test').protocol == (
        '2 of 500 training and 1 of 100 test images a class'
    )
    cut = read_cifar(root, 'test', train_images_per_class=1)
    assert cut.protocol.startswith('1 of 500 training and')


def test_protocol_of_the_complete_set(tmp_path, monkeypatch):
    root = make_cifar(tmp_path, 'pickles', CLASSES, 2, 1)
    complete = 'mmvision_ext.datasets.cifar_files.COMPLETE'
    monkeypatch.setattr(complete, dict(train=2, test=1))
    assert read_cifar(root, 'test').protocol == (
        'all 2 training and all 1 test images a class'
    )


def test_unequal_classes_are_stated(tmp_path):
    root = make_cifar(tmp_path, 'folders')
    (root / 'train/bear/0003.png').unlink()
    assert read_cifar(root, 'train').protocol == (
        '5 to 6 training images a class'
    )


class Payload:
    """Runs a command when it is unpickled."""

    def __init__(self, command):
        self.command = command

    def __reduce__(self):
        return os.system, (self.command,)


@pytest.mark.parametrize('name', ['meta', 'train'])
def test_code_in_a_pickle_is_not_run(pickles, tmp_path, name):
    mark = tmp_path / 'was_run'
    payload = Payload(f'touch {mark}')
    path = pickles / 'cifar-100-python' / name
    content = pickle.dumps(payload)
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=rf'{name}: .*system.* not run'):
        read_cifar(pickles, 'train')
    assert not mark.exists()
    pickle.loads(content)  # the payload is one
    assert mark.exists()


def test_code_inside_an_array_is_not_run(pickles, tmp_path):
    mark = tmp_path / 'was_run'
    array = np.array([Payload(f'touch {mark}')], dtype=object)
    rewrite(pickles, 'train', data=array)
    with pytest.raises(DatasetError, match="an array of dtype 'O8'"):
        read_cifar(pickles, 'train')
    assert not mark.exists()


def test_pickle_of_python_2(pickles):
    """Text as byte strings, numpy's old module: as in the published files."""
    path = pickles / 'cifar-100-python/train'
    expected = read_cifar(pickles, 'train')
    content = pickle.loads(path.read_bytes())
    raw = content['data'].tobytes()
    labels = ''.join(f'I{label}\n' for label in content['fine_labels'])
    names = ''.join(f"S'{name}'\n" for name in content['filenames'])
    rows = len(content['data'])
    # Protocol 0 and 1 opcodes, with the array's bytes as BINSTRING.
    text = (
        b"(dS'data'\ncnumpy.core.multiarray\n_reconstruct\n"
        b"(cnumpy\nndarray\n(I0\ntS'b'\ntR(I1\n(I%d\nI3072\nt"
        b"cnumpy\ndtype\n(S'u1'\nI0\nI1\ntR(I3\nS'|'\nNNNI-1\nI-1\nI0\ntb"
        b'I00\nT' % rows
    )
    text += len(raw).to_bytes(4, 'little') + raw + b'tb'
    text += b"sS'fine_labels'\n(" + labels.encode() + b'l'
    text += b"sS'filenames'\n(" + names.encode() + b'ls.'
    path.write_bytes(text)
    found = read_cifar(pickles, 'train')
    np.testing.assert_array_equal(found.images, expected.images)
    assert found.names == expected.names


@pytest.mark.parametrize(
    ('name', 'entries', 'message'),
    [
        ('train', dict(fine_labels=[0] * 17 + [3]), r'from 0 to 2, found 3'),
        ('train', dict(fine_labels=[0] * 17 + [-1]), r'0 to 2, found -1'),
        ('train', dict(fine_labels=[0] * 17 + ['a']), r"found 'a' at pos"),
        ('train', dict(fine_labels=[]), 'fine_labels, a filled list'),
        ('train', dict(fine_labels=[0] * 17), r'expected data of uint8'),
        ('train', dict(filenames=['x']), '18 filenames, found 1'),
        (
            'train',
            dict(data=np.zeros((18, 3072))),
            r'expected data of uint8 \(18, 3072\), found float64',
        ),
        (
            'train',
            dict(data=np.zeros((18, 768), np.uint8)),
            r'found uint8 \(18, 768\)',
        ),
        ('meta', dict(fine_label_names=None), 'fine_label_names, a filled'),
    ],
)
def test_malformed_pickles(pickles, name, entries, message):
    rewrite(pickles, name, **entries)
    with pytest.raises(DatasetError, match=message) as caught:
        read_cifar(pickles, 'train')
    assert f'cifar-100-python/{name}: ' in str(caught.value)


def test_damaged_and_missing_pickles(pickles):
    path = pickles / 'cifar-100-python/train'
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(DatasetError, match='train: expected a pickle file'):
        read_cifar(pickles, 'train')
    path.write_bytes(pickle.dumps([1, 2]))
    with pytest.raises(DatasetError, match=r'a dict with fine_labels, found'):
        read_cifar(pickles, 'train')
    path.unlink()
    with pytest.raises(DatasetError, match='train.*found none. Unpack'):
        read_cifar(pickles, 'train')


@pytest.mark.parametrize('folder', ['missing', 'empty', 'other'])
def test_no_data_names_the_forms_and_the_source(tmp_path, folder):
    (tmp_path / 'empty').mkdir()
    (tmp_path / 'other/train').mkdir(parents=True)
    with pytest.raises(DatasetError) as caught:
        read_cifar(tmp_path / folder, 'train')
    text = str(caught.value)
    assert text.startswith('data_root: ')
    for part in (
        'cifar-100-python/{train,test,meta}',
        '{train,test}/<class>/*.png',
        '{train,test}/<class>.webp',
        'https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz',
        'md5 eb9058c3a382ffc7106e4002c42a8d85',
        {
            'missing': 'no such folder',
            'empty': 'nothing in it',
            'other': 'a folder with train',
        }[folder],
    ):
        assert part in text


def test_empty_class_folder(tmp_path):
    root = make_cifar(tmp_path, 'folders')
    for path in (root / 'train/bear').iterdir():
        path.unlink()
    with pytest.raises(DatasetError, match=r"images in '.*train/bear'"):
        read_cifar(root, 'train')


@pytest.mark.parametrize('form', ['folders', 'stacks'])
def test_training_and_test_need_the_same_classes(tmp_path, form):
    root = make_cifar(tmp_path, form)
    path = root / ('test/bear' if form == 'folders' else 'test/bear.webp')
    shutil.rmtree(path) if form == 'folders' else path.unlink()
    with pytest.raises(DatasetError, match=r"in .*test'.*missing: bear"):
        read_cifar(root, 'test')


@pytest.mark.parametrize(
    ('name', 'size'),
    [('train/apple/0001.png', (28, 32)), ('train/apple.webp', (32, 100))],
)
def test_wrong_size_names_the_file(tmp_path, name, size):
    form = 'folders' if name.endswith('png') else 'stacks'
    root = make_cifar(tmp_path, form)
    Image.new('RGB', size).save(root / name)
    with pytest.raises(DatasetError, match=f'{name}: .*{size[0]} x {size[1]}'):
        read_cifar(root, 'train')


@pytest.mark.parametrize('kept', [0, 60])
def test_file_that_is_no_image(tmp_path, kept):
    root = make_cifar(tmp_path, 'folders')
    path = root / 'train/apple/0001.png'
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(DatasetError, match='apple/0001.png: .* (Copy|copy)'):
        read_cifar(root, 'train')


def test_greyscale_files_become_three_channels(tmp_path):
    root = make_cifar(tmp_path, 'folders')
    Image.new('L', (32, 32), 77).save(root / 'train/apple/0000.png')
    assert (read_cifar(root, 'train').images[0] == 77).all()


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(split='val'), "split: .* found 'val'"),
        (dict(split='train', images_per_class=0), 'at least 1, found 0'),
    ],
)
def test_bad_arguments(tmp_path, options, message):
    with pytest.raises(DatasetError, match=message):
        read_cifar(tmp_path, **options)


@pytest.mark.skipif(
    CUT is None or not CUT.is_dir(), reason='no CIFAR-100 on this machine'
)
def test_real_cut():
    for split, count, protocol in (
        ('train', 10_000, '100 of 500 training images a class'),
        (
            'test',
            5_000,
            '100 of 500 training and 50 of 100 test images a class',
        ),
    ):
        found = read_cifar(CUT, split)
        if found.form != 'stacked files':
            pytest.skip(f'{CUT} holds {found.form}, not the cut')
        assert found.images.shape == (count, 3, 32, 32)
        assert np.bincount(found.labels).tolist() == [count // 100] * 100
        assert found.classes == CLASSES
        assert found.protocol == protocol
    assert found.images.mean((0, 2, 3)) == pytest.approx(
        [129.3, 124.1, 112.4], abs=3
    )
