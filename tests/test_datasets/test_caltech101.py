"""Caltech101 on generated folders, and on the real cut where it is there."""

import logging
import os
from pathlib import Path

import pytest
from mmengine.logging import MMLogger
from mmengine.registry import DATASETS

from mmvision_ext.datasets import Caltech101
from mmvision_ext.datasets.errors import AnnotationError, DatasetError
from mmvision_ext.datasets.image_folders import split_by_seed
from mmvision_ext.testing import data_root
from mmvision_ext.testing.image_folders import make_class_folders
from mmvision_ext.utils import InputError
from mmvision_ext.utils.config.check import check_config

FOLDER = '101_ObjectCategories'
CLASSES = ('ant', 'bass', 'crab')


@pytest.fixture
def root(tmp_path):
    """Three classes and the background, 9 images of 16 px each."""
    folders = ('BACKGROUND_Google', *CLASSES)
    make_class_folders(tmp_path / FOLDER, folders, 9, size=16)
    return tmp_path


def build(root, classes=CLASSES, **kwargs):
    settings = dict(train_per_class=5, metainfo=dict(classes=classes))
    return Caltech101(str(root), **{**settings, **kwargs})


def files(dataset):
    infos = [dataset.get_data_info(index) for index in range(len(dataset))]
    return [
        (*Path(info['img_path']).parts[-2:], info['gt_label'])
        for info in infos
    ]


@pytest.fixture
def logged(caplog):
    """Text of the log; mmengine's logger does not propagate by itself."""
    logger = MMLogger.get_instance('caltech', log_level='INFO')
    logger.addHandler(caplog.handler)
    caplog.set_level(logging.INFO)
    return caplog


def test_type_resolves_and_has_the_folders_as_classes():
    kind = DATASETS.get('mmvision_ext.Caltech101')
    classes = kind.METAINFO['classes']
    assert len(classes) == 101 and list(classes) == sorted(classes)
    assert classes[:2] == ('Faces', 'Faces_easy')
    assert classes[-1] == 'yin_yang'
    everything = Caltech101('', with_background=True, lazy_init=True)
    assert everything.metainfo['classes'] == ('BACKGROUND_Google', *classes)


def test_protocol_splits_each_class(root, logged):
    train, test = (
        build(root, split=split, test_per_class=3)
        for split in ('train', 'test')
    )
    for dataset, count in ((train, 5), (test, 3)):
        labels = [label for _, _, label in files(dataset)]
        assert labels == sorted([*range(3)] * count)
        assert all(CLASSES[label] == name for name, _, label in files(dataset))
        assert dataset.metainfo['protocol'] == (
            '5 train images a class, seed 0, at most 3 test images a class'
        )
    assert not set(files(train)) & set(files(test))
    assert not train.test_mode and test.test_mode
    assert len(build(root, split='test')) == 3 * 4  # all of the rest
    assert 'folders not used: BACKGROUND_Google' in logged.text


def test_split_follows_the_seed_alone(root, monkeypatch):
    first = files(build(root))
    listing = Path.iterdir
    monkeypatch.setattr(
        Path, 'iterdir', lambda path: sorted(listing(path), reverse=True)
    )
    assert files(build(root)) == first
    # Other classes change nothing but the label.
    alone = [item[:2] for item in files(build(root, ('crab',)))]
    assert alone == [item[:2] for item in first if item[0] == 'crab']
    assert files(build(root, seed=1)) != first


def test_split_is_the_same_on_every_machine():
    names = [f'image_{index:04d}.jpg' for index in range(1, 32)]
    drawn = split_by_seed('inline_skate', names[::-1], 5, 50, seed=0)
    # The first five of: printf 0/inline_skate/FILE | sha256sum, sorted.
    assert [name[8:10] for name in drawn['train']] == [
        *('03', '06', '13', '14', '15')
    ]
    assert sorted(drawn['train'] + drawn['test']) == names
    larger = split_by_seed('inline_skate', names, 30, 50, seed=0)
    assert set(drawn['train']) < set(larger['train'])
    assert len(larger['test']) == 1


def test_other_files_are_counted(root, logged):
    (root / FOLDER / 'ant' / 'tmp').mkdir()
    (root / FOLDER / 'ant' / '.DS_Store').touch()
    assert len(build(root)) == 15
    assert 'files that are no images: 1' in logged.text


def test_background_is_a_class_on_request(root):
    classes = ('BACKGROUND_Google', 'ant')
    dataset = build(root, classes, with_background=True)
    assert {item[0] for item in files(dataset)} == set(classes)
    with pytest.raises(DatasetError, match='expected BACKGROUND_Google in'):
        build(root, with_background=True)


def write_list(root, *lines):
    (root / 'list.txt').write_text('\n'.join(lines) + '\n')


def test_list_files(root, logged):
    write_list(
        root,
        'BACKGROUND_Google/image_0001.jpg',
        'crab/image_0002.jpg',
        '',
        'ant/image_0009.jpg',
        'crab/image_0001.jpg',
    )
    dataset = build(root, split='test', ann_file='list.txt')
    assert files(dataset) == [
        ('crab', 'image_0002.jpg', 2),
        ('ant', 'image_0009.jpg', 0),
        ('crab', 'image_0001.jpg', 2),
    ]
    assert dataset.metainfo['protocol'] == (
        'given list list.txt, 1 to 2 test images a class'
    )
    assert 'background images not used: 1' in logged.text
    everything = build(
        root,
        ('BACKGROUND_Google', *CLASSES),
        with_background=True,
        ann_file='list.txt',
    )
    assert len(everything) == 4


@pytest.mark.parametrize(
    ('line', 'message'),
    [
        ('ant/image_0099.jpg', r'line 2: .*no file .*ant/image_0099\.jpg'),
        ('cow/image_0001.jpg', "line 2: .*3 classes, found 'cow'"),
        ('ant image_0001.jpg', "line 2: expected 'class/file'"),
        ('ant/a/image_0001.jpg', "line 2: expected 'class/file'"),
        ('ant/image_0001.jpg 0', 'line 2: .*no file'),
        ('bass/image_0001.jpg', 'line 2: .* is in line 1 already'),
    ],
)
def test_a_wrong_line_is_named(root, line, message):
    write_list(root, 'bass/image_0001.jpg', line)
    with pytest.raises(AnnotationError, match=message):
        build(root, ann_file='list.txt')


def test_a_list_has_to_exist_and_hold_images(root):
    with pytest.raises(DatasetError, match="no file '.*gone.txt'"):
        build(root, ann_file='gone.txt')
    write_list(root, 'BACKGROUND_Google/image_0001.jpg')
    with pytest.raises(DatasetError, match=r'images in .*list\.txt, found no'):
        build(root, ann_file='list.txt')


@pytest.mark.parametrize(
    ('kwargs', 'message'),
    [
        (dict(split='val'), "'train' or 'test', found 'val'"),
        (dict(train_per_class=7), 'one of 5, 10, 15, 20, 25, 30, found 7'),
        (dict(test_per_class=0), 'at least 1, found 0'),
    ],
)
def test_wrong_arguments_are_refused(root, kwargs, message):
    with pytest.raises(DatasetError, match=message):
        build(root, **kwargs)


def test_too_few_images_name_the_folder(root):
    build(root, train_per_class=5)
    os.remove(root / FOLDER / 'bass' / 'image_0001.jpg')
    with pytest.raises(DatasetError, match=r"11 images, .*8 in '.*/bass'"):
        build(root, ('bass',), train_per_class=10)
    for number in range(2, 5):
        os.remove(root / FOLDER / 'bass' / f'image_{number:04d}.jpg')
    # Five are left: enough for training, none for testing.
    with pytest.raises(DatasetError, match=r"6 images, .*5 in '.*/bass'"):
        build(root)


def test_empty_and_missing_class_folders_are_named(root):
    (root / FOLDER / 'Dog').mkdir()
    with pytest.raises(DatasetError, match="images in '.*/Dog', found none"):
        build(root, ('ant', 'Dog'))
    with pytest.raises(DatasetError, match="'.*/dog', .*folder 'Dog'?"):
        build(root, ('ant', 'dog'))


def test_wrong_roots_are_named(root, tmp_path):
    with pytest.raises(DatasetError, match="in '.*no such folder"):
        build(root / FOLDER)
    (tmp_path / 'bare' / FOLDER).mkdir(parents=True)
    with pytest.raises(DatasetError, match='class folders .* found none'):
        build(tmp_path / 'bare')


def faults(root, train=(), other=(), modes=('train', 'val')):
    """Message of the config check for two loaders; '' for a sound config."""
    common = dict(
        type='mmvision_ext.Caltech101',
        data_root=str(root),
        train_per_class=5,
        metainfo=dict(classes=CLASSES),
    )
    mode = modes[-1]
    cfg = {
        'default_scope': 'mmpretrain',
        'train_dataloader': dict(
            dataset={**common, 'split': 'train', **dict(train)}
        ),
        f'{mode}_dataloader': dict(
            dataset={**common, 'split': 'test', **dict(other)}
        ),
    }
    try:
        check_config(cfg, modes)
    except InputError as error:
        return str(error)
    return ''


@pytest.mark.parametrize('modes', [('train', 'val'), ('val',), ('test',)])
@pytest.mark.parametrize(
    ('train', 'message'),
    [
        ({}, ''),
        (dict(seed=1), 'seed is 1 and 0'),
        (dict(train_per_class=10), 'train_per_class is 10 and 5'),
        (dict(test_per_class=7), 'test_per_class is 7 and 50'),
        (dict(split='test'), "split is 'test' in both"),
        (dict(indices=9), 'indices takes images out'),
        (dict(metainfo=dict(classes=CLASSES[::-1])), 'metainfo.classes diff'),
        (dict(with_background=True, metainfo={}), 'with_background is True'),
    ],
)
def test_draws_of_training_and_test_have_to_agree(root, modes, train, message):
    found = faults(root, train, modes=modes)
    assert message in found and bool(message) == bool(found)
    if message:
        place = f'train_dataloader.dataset and {modes[-1]}_dataloader.dataset'
        assert f'- {place}: ' in found


def test_draws_from_another_folder_need_the_same_classes_only(root, tmp_path):
    other = tmp_path / 'other'
    make_class_folders(other / FOLDER, CLASSES, 6, size=16)
    changed = dict(seed=1, data_root=str(other))
    assert not faults(root, other=changed)
    changed['metainfo'] = dict(classes=CLASSES[::-1])
    assert 'metainfo.classes differ' in faults(root, other=changed)
    # A link leads to the same images.
    (tmp_path / 'link').symlink_to(root)
    linked = dict(seed=1, data_root=str(tmp_path / 'link'))
    assert 'seed is 0 and 1' in faults(root, other=linked)


def test_lists_of_training_and_test_have_no_image_in_common(root):
    lists = {
        'a.txt': ['ant/image_0001.jpg', 'BACKGROUND_Google/image_0001.jpg'],
        'b.txt': ['ant/image_0002.jpg', 'BACKGROUND_Google/image_0001.jpg'],
        'c.txt': ['bass/image_0001.jpg', 'ant/image_0001.jpg'],
    }
    for name, lines in lists.items():
        (root / name).write_text('\n'.join(lines))

    def of(train, other):
        return faults(root, dict(ann_file=train), dict(ann_file=other))

    assert not of('a.txt', 'b.txt')
    assert "a.txt' in both" in of('a.txt', './a.txt')
    found = of('a.txt', 'c.txt')
    assert '1 of 2 images' in found and 'first is ant/image_0001.jpg' in found
    assert 'one has an ann_file' in of('a.txt', '')
    assert faults(root, {}, dict(ann_file='gone.txt')).count('\n  - ') == 2


@pytest.mark.parametrize(
    ('indices', 'part'),
    [
        (4, 'first 4 images of: '),
        (-4, 'last 4 images of: '),
        ([0, 2, 3, 5], '4 chosen images of: '),
    ],
)
def test_the_protocol_says_what_indices_leave(root, indices, part):
    drawn = build(root, split='test', indices=indices)
    assert len(drawn) == 4
    assert drawn.metainfo['protocol'] == part + (
        '5 train images a class, seed 0, at most 50 test images a class'
    )
    write_list(root, *(f'ant/image_000{number}.jpg' for number in range(1, 8)))
    listed = build(root, indices=indices, ann_file='list.txt')
    assert listed.metainfo['protocol'] == f'{part}given list list.txt'


DATA = data_root()
CUT = DATA / 'caltech-101' if DATA else None


@pytest.mark.skipif(
    CUT is None or not CUT.is_dir(), reason='no caltech-101 in the data folder'
)
def test_the_real_cut():
    train, test = (
        Caltech101(str(CUT), split=split, ann_file=f'meta/{split}.txt')
        for split in ('train', 'test')
    )
    assert (len(train), len(test)) == (1515, 505)
    assert not set(files(train)) & set(files(test))
    assert test.metainfo['protocol'] == (
        'given list test.txt, 5 test images a class'
    )
    drawn = Caltech101(str(CUT), split='test', train_per_class=15)
    assert len(drawn) == 505
    with pytest.raises(DatasetError, match=r'31 images, .* 20 in .*Faces'):
        Caltech101(str(CUT))
