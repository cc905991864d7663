"""Detection data with attributes: drawn by hand, and the real cut."""

import json

import numpy as np
import pytest
from mmengine.registry import init_default_scope
from PIL import Image

from mmvision_ext.datasets import (
    APascalAttributes,
    APascalDetection,
    COCOAttributesDetection,
)
from mmvision_ext.datasets.coco_attribute_files import (
    ObjectAttributes,
    write_object_attributes,
)
from mmvision_ext.datasets.errors import AnnotationError, DatasetError
from mmvision_ext.testing import data_root
from mmvision_ext.utils.config.check import check_config

PIPELINE = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(type='mmvision_ext.LoadObjectAttributes'),
    dict(type='Resize', scale=(120, 80), keep_ratio=True),
    dict(type='RandomFlip', prob=1.0),
    dict(type='mmvision_ext.PackDetAttributes'),
]


@pytest.fixture(autouse=True)
def scope():
    """As in a detection config."""
    init_default_scope('mmdet')


def line(name, category, box, positive=(0,)):
    vector = ['1' if i in positive else '0' for i in range(64)]
    return f'{name} {category} {box} {" ".join(vector)}'


@pytest.fixture
def voc(tmp_path):
    """Three images of 60 x 40 px; one object is of a class of aYahoo."""
    images = tmp_path / 'VOCdevkit/VOC2012/JPEGImages'
    images.mkdir(parents=True)
    for name in 'abc':
        Image.new('RGB', (60, 40)).save(images / f'{name}.jpg')
    (tmp_path / 'apascal').mkdir()
    write(
        tmp_path,
        line('b.jpg', 'dog', '11 5 30 20', (60, 3)),
        line('a.jpg', 'cat', '1 1 60 40'),
        line('b.jpg', 'cat', '2 3 14 15', ()),
        line('c.jpg', 'goat', '2 3 14 15', (1,)),
    )
    write(tmp_path, line('c.jpg', 'cow', '2 3 14 15'), name='apascal_test.txt')
    return tmp_path


def write(root, *lines, name='apascal_train.txt'):
    (root / 'apascal' / name).write_text('\n'.join(lines) + '\n')


def infos(dataset):
    return [dataset.get_data_info(index) for index in range(len(dataset))]


def test_images_have_boxes_classes_and_attributes(voc):
    dataset = APascalDetection(str(voc), pipeline=PIPELINE)
    first, second, third = infos(dataset)
    assert [info['img_id'] for info in (first, second, third)] == [*'abc']
    assert (second['height'], second['width']) == (40, 60)
    cat, dog = sorted(second['instances'], key=lambda item: -item['ann_id'])
    assert dog['bbox'] == [10, 4, 30, 20] and dog['ann_id'] == 1
    classes = dataset.metainfo['classes']
    assert classes[dog['bbox_label']] == 'dog'
    assert np.flatnonzero(dog['attributes']).tolist() == [3, 60]
    assert dog['attribute_mask'].all() and not cat['attributes'].any()
    assert not third['instances']
    assert 'b.jpg' not in dataset.report.text()
    assert 'goat (1)' in dataset.report.text()
    assert dataset.metainfo['attributes'][60] == 'Clear'
    assert dataset.metainfo['attribute_groups']['material'][0] == 'Skin'
    assert 'apascal_train.txt' in dataset.metainfo['protocol']
    objects = dataset[1]['data_samples'].gt_instances
    assert objects.ann_ids.tolist() == [1, 3]
    # twice as large, mirrored
    assert objects.bboxes.tensor[0].tolist() == [60, 8, 100, 40]
    np.testing.assert_array_equal(objects.attributes[0], dog['attributes'])
    scores, masks = dataset.attribute_matrix()
    assert scores.shape == masks.shape == (3, 64) and masks.all()


def test_labels_of_no_object_are_an_error(voc):
    write(voc, line('a.jpg', 'cat', '1 1 60 40'))
    dataset = APascalDetection(str(voc), metainfo=dict(classes=('sofa',)))
    with pytest.raises(DatasetError, match='expected objects .* found none'):
        dataset.attribute_matrix()


def test_filters_and_parts(voc):
    dataset = APascalDetection(
        str(voc),
        filter_cfg=dict(filter_empty_gt=True),
        metainfo=dict(classes=('dog',), attributes=('Clear', 'Leather')),
    )
    [info] = infos(dataset)
    [dog] = info['instances']
    assert info['img_id'] == 'b' and dog['bbox_label'] == 0
    assert dog['attributes'].tolist() == [1, 0]
    assert info['num_attributes'] == 2
    assert dataset.metainfo['attributes'] == ('Clear', 'Leather')
    assert dataset.metainfo['attribute_groups']['shape'] == ()
    part = APascalDetection(str(voc), indices=1)
    assert part.metainfo['protocol'].startswith('a part (indices) of: train')
    test = APascalDetection(str(voc), split='test')
    assert test.test_mode and len(test) == 1
    with pytest.raises(AnnotationError, match="found 'Cleer'"):
        APascalDetection(str(voc), metainfo=dict(attributes=('Cleer',)))
    with pytest.raises(DatasetError, match="split: .* found 'dev'"):
        APascalDetection(str(voc), split='dev')
    with pytest.raises(
        DatasetError, match=r'(?s)no usable object.*not in the files: donkey'
    ):
        APascalDetection(str(voc), metainfo=dict(classes=('donkey',)))


def test_configs_that_do_not_fit_are_found(voc):
    kind = dict(type='mmvision_ext.APascalDetection', data_root=str(voc))

    def check(train, val, classes=20):
        head = dict(bbox_head=dict(num_classes=classes))
        check_config(
            dict(
                default_scope='mmdet',
                model=dict(roi_head=head),
                train_dataloader=dict(dataset=kind | train),
                val_dataloader=dict(dataset=kind | val),
            ),
            ('train', 'val'),
        )

    check({}, dict(split='test'))
    with pytest.raises(ValueError, match="'train' in both"):
        check({}, {})
    with pytest.raises(ValueError, match='num_classes = 20'):
        check({}, dict(split='test'), 21)
    with pytest.raises(ValueError, match='metainfo.attributes'):
        check({}, dict(split='test', metainfo=dict(attributes=('Clear',))))
    with pytest.raises(ValueError, match='val_share is 0.2 and 0.5'):
        check(dict(val_share=0.2), dict(split='val', val_share=0.5))


#: Annotation: image, whether it trains, scores of furry, metal and wet.
LABELLED = {
    21: (1, True, [1, 0, -1]),
    23: (1, True, [0.5, -1, 0.4]),
    24: (3, True, [1, 1, 1]),
    22: (2, False, [0, 1, 1]),
}
#: Annotation: image, box (x, y, width, height) and whether it is a crowd.
BOXES = {
    21: (1, [1, 5, 30, 20], 0),
    22: (2, [1, 5, 30, 20], 0),
    23: (1, [3, 5, 30, 20], 0),
    24: (3, [50, 5, 10, 20], 0),
    25: (1, [5, 5, 10, 10], 0),
    26: (3, [5, 5, 30, 10], 1),
    27: (3, [5, 5, 30, 0.2], 0),
    28: (4, [5, 5, 30, 10], 0),
}


@pytest.fixture
def coco(tmp_path):
    """Images 1, 2 and 4 of 60 x 40 px in train2017, 3 in val2017."""
    (tmp_path / 'annotations').mkdir()
    for part, images in (('train2017', (1, 2, 4)), ('val2017', (3,))):
        (tmp_path / part).mkdir()
        for index in images:
            Image.new('RGB', (60, 40)).save(tmp_path / part / f'{index}.jpg')
        content = dict(
            images=[
                dict(id=i, file_name=f'{i}.jpg', width=60, height=40)
                for i in images
            ],
            categories=[dict(id=17, name='cat'), dict(id=3, name='car')],
            annotations=[
                dict(
                    id=ann_id,
                    image_id=image,
                    category_id=17 if ann_id % 2 else 3,
                    area=9,
                    bbox=box,
                    iscrowd=crowd,
                )
                for ann_id, (image, box, crowd) in BOXES.items()
                if image in images
            ],
        )
        path = tmp_path / 'annotations' / f'instances_{part}.json'
        path.write_text(json.dumps(content))
    write_table(tmp_path)
    return tmp_path


def write_table(root, **training):
    table = ObjectAttributes(
        ('furry', 'metal', 'wet'),
        np.array(list(LABELLED)),
        np.array([trains for _, trains, _ in LABELLED.values()]),
        np.array([scores for _, _, scores in LABELLED.values()], np.float32),
    )
    for ann_id, trains in training.items():
        table.training[list(LABELLED).index(int(ann_id[1:]))] = trains
    write_object_attributes(table, root / 'a.npz')


def test_all_objects_of_coco_are_there(coco):
    dataset = COCOAttributesDetection(str(coco), 'a.npz', pipeline=PIPELINE)
    one, three = sorted(infos(dataset), key=lambda info: info['img_id'])
    items = {
        item['ann_id']: item
        for info in (one, three)
        for item in info['instances']
    }
    # not image 2, of the test split, nor 4, without attributes
    assert sorted(items) == [21, 23, 24, 25, 26]
    assert items[21]['attributes'].tolist() == [1, 0, 0]
    assert items[21]['attribute_mask'].tolist() == [True, True, False]
    assert items[23]['attributes'].tolist() == [1, 0, 0]
    assert items[24]['bbox'] == [50, 5, 60, 25]
    assert not items[25]['attribute_mask'].any()
    assert items[26]['ignore_flag'] == 1 and not items[25]['ignore_flag']
    classes = dataset.metainfo['classes']
    assert len(classes) == 80 and classes[items[24]['bbox_label']] == 'car'
    assert three['img_path'].endswith('val2017/3.jpg')
    assert 'smaller than a pixel or with area 0: 1' in dataset.report.text()
    assert dataset.metainfo['attributes'] == ('furry', 'metal', 'wet')
    scores, masks = dataset.attribute_matrix()
    assert scores.shape == (4, 3) and masks.sum() == 2 + 2 + 3 + 0
    packed = [dataset[index]['data_samples'] for index in range(2)]
    [sample] = [item for item in packed if item.img_id == 1]
    assert sample.gt_instances.attributes.shape == (3, 3)
    [sample] = [item for item in packed if item.img_id == 3]
    assert sample.gt_instances.ann_ids.tolist() == [24]
    assert len(sample.ignored_instances.bboxes) == 1
    test = COCOAttributesDetection(str(coco), 'a.npz', split='test')
    assert [info['img_id'] for info in infos(test)] == [2]


def test_an_image_in_two_splits_is_an_error(coco):
    write_table(coco, _23=False)
    with pytest.raises(DatasetError, match='image 1 with annotation 23'):
        COCOAttributesDetection(str(coco), 'a.npz')


def test_the_real_cut():
    root = data_root()
    if root is None or not (root / 'apascal').is_dir():
        pytest.skip('no apascal: set MMVISION_DATA_ROOT or link data/')
    images = {}
    for split, share in (('train', 0.2), ('val', 0.2), ('test', 0.2)):
        options = dict(split=split, val_share=share)
        dataset = APascalDetection(str(root), pipeline=PIPELINE, **options)
        crops = APascalAttributes(str(root), **options)
        expected = {info['ann_id']: info for info in infos(crops)}
        images[split] = {info['img_path'] for info in infos(dataset)}
        found = {
            item['ann_id']: item
            for info in infos(dataset)
            for item in info['instances']
        }
        assert found.keys() == expected.keys()
        for ann_id, item in found.items():
            info = expected[ann_id]
            np.testing.assert_array_equal(item['attributes'], info['gt_score'])
            assert item['bbox'] == list(info['bbox'])
            name = dataset.metainfo['classes'][item['bbox_label']]
            assert name == info['category']
        packed = dataset[len(dataset) // 2]['data_samples'].gt_instances
        for row, ann_id in zip(
            packed.attributes, packed.ann_ids.tolist(), strict=True
        ):
            np.testing.assert_array_equal(row, expected[ann_id]['gt_score'])
    assert len(set.union(*images.values())) == sum(map(len, images.values()))
    assert sum(map(len, images.values())) == 370
