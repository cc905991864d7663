"""APascalAttributes on lines written by hand, and on the real cut."""

import logging

import numpy as np
import pytest
from mmengine.logging import MMLogger
from PIL import Image

from mmvision_ext.datasets import APascalAttributes
from mmvision_ext.datasets.apascal_attributes import GROUPS, NAMES
from mmvision_ext.datasets.errors import AnnotationError, DatasetError
from mmvision_ext.testing import data_root
from mmvision_ext.utils import InputError


def line(name='a.jpg', category='cat', box='1 1 60 40', positive=(0,)):
    vector = ['1' if i in positive else '0' for i in range(64)]
    return f'{name} {category} {box} {" ".join(vector)}'


@pytest.fixture
def root(tmp_path):
    """Two images of 60 x 40 px with three objects for training."""
    images = tmp_path / 'VOCdevkit/VOC2012/JPEGImages'
    images.mkdir(parents=True)
    for name in ('a.jpg', 'b.jpg'):
        Image.new('RGB', (60, 40)).save(images / name)
    (tmp_path / 'apascal').mkdir()
    write(
        tmp_path,
        line('b.jpg', 'dog', '11 5 30 20', (60, 3)),
        line(),
        '',
        line('b.jpg', 'cat', '2 3 4 5', ()),
    )
    write(tmp_path, line(), name='apascal_test.txt')
    return tmp_path


def write(root, *lines, name='apascal_train.txt'):
    (root / 'apascal' / name).write_text('\n'.join(lines) + '\n')


def infos(dataset):
    return [dataset.get_data_info(index) for index in range(len(dataset))]


@pytest.fixture
def logged(caplog):
    """Text of the log; mmengine's logger does not propagate by itself."""
    logger = MMLogger.get_instance('apascal', log_level='INFO')
    logger.addHandler(caplog.handler)
    caplog.set_level(logging.INFO)
    return caplog


def test_each_line_is_an_object(root, logged):
    dataset = APascalAttributes(str(root))
    first, second, third = infos(dataset)
    # By image; the line stays known.
    assert [info['ann_id'] for info in infos(dataset)] == [2, 1, 4]
    # 1-based, inclusive corners become edges from 0.
    assert first['bbox'] == (0, 0, 60, 40)
    assert second['bbox'] == (10, 4, 30, 20)
    assert second['category'] == 'dog'
    assert np.flatnonzero(second['gt_score']).tolist() == [3, 60]
    assert second['gt_score'].dtype == np.float32
    assert not third['gt_score'].any() and 'gt_mask' not in third
    assert (first['height'], first['width']) == (40, 60)
    assert dataset.metainfo['classes'] == NAMES
    assert dataset.metainfo['attribute_groups'] == GROUPS
    assert (
        dataset.metainfo['protocol'] == 'training split of apascal_train.txt'
    )
    assert 'objects without any attribute, kept: 1' in logged.text
    test = APascalAttributes(str(root), split='test')
    assert len(test) == 1 and test.test_mode


def test_a_part_of_the_attributes(root):
    chosen = ('Clear', 'Vert Cyl')  # columns 60 and 3
    dataset = APascalAttributes(str(root), metainfo=dict(classes=chosen))
    assert dataset.attribute_matrix()[0].tolist() == [[0, 0], [1, 1], [0, 0]]
    assert dataset.metainfo['attribute_groups']['material'] == ('Clear',)
    with pytest.raises(AnnotationError, match="found 'Cleer'; .*'Clear'"):
        APascalAttributes(str(root), metainfo=dict(classes=('Cleer',)))


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        (line() + ' 0', 'line 1: expected 70 fields, .*64 attr.* found 71'),
        (line(category='catt'), "line 1: .* found 'catt'; .*'cat'"),
        (line(box='1 x 60 40'), "expected the corners .* found '1 x 60 40'"),
        (line(box='1 1 64 40'), 'line 1: expected a box in its image of 60'),
        (line(box='9 1 8 40'), 'line 1: expected a box with x1 < x2'),
        (line(box='nan 1 8 40'), 'line 1: expected a box with x1 < x2'),
        (line()[:-1] + '2', "attribute 'Leather': expected 0 or 1, found '2'"),
        (line()[:-1] + 'nan', "'Leather': expected 0 or 1, found 'nan'"),
        (line('c.jpg'), "line 1: expected its image, .*c.jpg'"),
    ],
)
def test_malformed_lines_are_named(root, text, message):
    write(root, text)
    with pytest.raises(
        InputError,
        match=f'apascal_train.txt, {message}'
        if message.startswith('line')
        else message,
    ):
        APascalAttributes(str(root))


def test_an_image_that_the_camera_turned_has_the_size_of_loading(root):
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn
    path = root / 'VOCdevkit/VOC2012/JPEGImages/a.jpg'
    Image.new('RGB', (40, 60)).save(path, exif=exif)
    pipeline = [dict(type='mmvision_ext.LoadObjectCrop', size=64)]
    sample = APascalAttributes(str(root), pipeline=pipeline)[0]
    assert sample['ori_shape'] == (sample['height'], sample['width'])
    assert sample['ori_shape'] == (40, 60)


def test_files_that_are_missing_or_empty(root):
    write(root, '')
    with pytest.raises(DatasetError, match='expected samples, found none'):
        APascalAttributes(str(root))
    with pytest.raises(DatasetError, match="found no file '.*no.txt'"):
        APascalAttributes(str(root), 'no.txt')
    with pytest.raises(DatasetError, match="split: .* found 'dev'"):
        APascalAttributes(str(root), split='dev')


def test_configs_that_do_not_fit_are_found():
    def faults(train, other):
        base = dict(data_root='data')
        return APascalAttributes.config_faults(base | train, base | other)

    assert not faults({}, dict(split='test'))
    assert "'train' in both" in faults({}, {})[0]
    assert "'test' in both" in faults(*[dict(split='test')] * 2)[0]
    assert not faults(dict(val_share=0.2), dict(split='val', val_share=0.2))
    assert (
        'val_share is 0.0 and 0.2'
        in faults({}, dict(split='val', val_share=0.2))[0]
    )
    same = dict(ann_file='apascal/apascal_train.txt')
    assert "'train' in both" in faults({}, same)[0]


def test_the_real_cut():
    root = data_root()
    if root is None or not (root / 'apascal').is_dir():
        pytest.skip('no apascal: set MMVISION_DATA_ROOT or link data/')
    names = (root / 'apascal/attribute_names.txt').read_text().split('\n')
    assert NAMES == tuple(name.strip() for name in names if name.strip())
    pipeline = [
        dict(type='mmvision_ext.LoadObjectCrop', size=64),
        dict(type='mmvision_ext.PackAttributes'),
    ]
    images = {}
    for split, count in (('train', 336), ('test', 193)):
        dataset = APascalAttributes(str(root), split=split, pipeline=pipeline)
        scores, masks = dataset.attribute_matrix()
        assert scores.shape == (count, 64) and masks.all()
        rows = (root / f'apascal/apascal_{split}.txt').read_text().split('\n')
        table = np.array([row.split()[6:] for row in rows if row], np.float32)
        order = [info['ann_id'] - 1 for info in infos(dataset)]
        np.testing.assert_array_equal(scores, table[order])
        assert dataset[count // 2]['inputs'].shape == (3, 64, 64)
        images[split] = {info['img_path'] for info in infos(dataset)}
    assert not images['train'] & images['test']
