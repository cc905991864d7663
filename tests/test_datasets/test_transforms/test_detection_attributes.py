"""Attributes follow their box through mmdet's transforms."""

import numpy as np
import pytest
import torch
from mmcv.transforms import Compose
from mmengine.registry import init_default_scope

from mmvision_ext.utils import InputError

A = 6
SIZE = 80, 120  # height, width


@pytest.fixture(autouse=True)
def scope():
    """Types of mmdet go without scope, as in a config."""
    import mmdet.datasets.transforms  # noqa: F401

    init_default_scope('mmdet')


def number(ann_id):
    """Attributes of an object: the bits of its id."""
    return np.array([ann_id >> bit & 1 for bit in range(A)], np.float32)


def known(ann_id):
    """One attribute of each object is unknown."""
    return np.arange(A) != ann_id % A


def sample(ids=(37, 5, 62, 19), ignored=(5,)):
    """Objects that differ in label, attributes and place."""
    instances = [
        dict(
            bbox=[10.0 + 25 * i, 10 + 15 * i, 28 + 25 * i, 25 + 15 * i],
            bbox_label=ann_id % 3,
            ignore_flag=int(ann_id in ignored),
            ann_id=ann_id,
            attributes=number(ann_id) * known(ann_id),
            attribute_mask=known(ann_id),
        )
        for i, ann_id in enumerate(ids)
    ]
    # The colour of an object is its id, to tell where it went.
    img = np.zeros((*SIZE, 3), np.uint8)
    for item in instances:
        x1, y1, x2, y2 = map(int, item['bbox'])
        img[y1:y2, x1:x2] = item['ann_id']
    return dict(
        img=img,
        img_path='a.jpg',
        img_id=1,
        img_shape=SIZE,
        ori_shape=SIZE,
        num_attributes=A,
        instances=instances,
    )


def pipeline(*steps, box_type='hbox'):
    return Compose(
        [
            dict(type='LoadAnnotations', with_bbox=True, box_type=box_type),
            dict(type='mmvision_ext.LoadObjectAttributes'),
            *steps,
            dict(type='mmvision_ext.PackDetAttributes'),
        ]
    )


def check(packed):
    """Every object has its own attributes, and its box its own pixels."""
    objects = packed['data_samples'].gt_instances
    assert objects.attributes.dtype == torch.float32
    assert objects.attribute_mask.dtype == torch.bool
    assert objects.ann_ids.dtype == objects.labels.dtype == torch.int64
    for index, ann_id in enumerate(objects.ann_ids.tolist()):
        mask = known(ann_id)
        assert objects.labels[index] == ann_id % 3
        np.testing.assert_array_equal(objects.attribute_mask[index], mask)
        np.testing.assert_array_equal(
            objects.attributes[index], number(ann_id) * mask
        )
        x1, y1, x2, y2 = objects.bboxes.tensor[index].int().tolist()
        region = packed['inputs'][0, y1:y2, x1:x2]
        assert region.float().median() == ann_id
    return objects.ann_ids.tolist()


def test_packing_keeps_what_is_not_ignored():
    packed = pipeline()(sample())
    assert check(packed) == [37, 62, 19]
    ignored = packed['data_samples'].ignored_instances
    assert ignored.labels.tolist() == [5 % 3]
    assert packed['data_samples'].img_path == 'a.jpg'


@pytest.mark.parametrize('direction', ['horizontal', 'vertical', 'diagonal'])
def test_resize_and_flip(direction):
    steps = pipeline(
        dict(type='Resize', scale=(300, 200), keep_ratio=True),
        dict(type='RandomFlip', prob=1.0, direction=direction),
    )
    assert check(steps(sample())) == [37, 62, 19]


def test_crops_drop_the_same_objects():
    steps = pipeline(
        dict(type='RandomCrop', crop_size=(50, 60)),
        dict(type='FilterAnnotations', min_gt_bbox_wh=(9, 9)),
    )
    np.random.seed(0)
    seen = set()
    for _ in range(30):
        if (packed := steps(sample())) is not None:
            seen.add(tuple(check(packed)))
    assert len(seen) > 2 and any(len(found) == 1 for found in seen)


@pytest.mark.parametrize(
    'step',
    [
        dict(type='MinIoURandomCrop', min_crop_size=0.5),
        dict(type='Expand', ratio_range=(1, 1.5), prob=1.0),
        dict(type='RandomShift', prob=1.0, max_shift_px=20),
    ],
    ids=lambda step: step['type'],
)
def test_other_transforms(step):
    np.random.seed(1)
    steps = pipeline(step)
    for _ in range(5):
        assert check(steps(sample()))


def test_mosaic_joins_attributes():
    load = Compose(pipeline().transforms[:2])
    steps = Compose(
        [
            dict(type='Mosaic', img_scale=(120, 80), pad_val=0),
            dict(type='mmvision_ext.PackDetAttributes'),
        ]
    )
    first = load(sample())
    first['mix_results'] = [
        load(sample((index, index + 1), ())) for index in (40, 44, 50)
    ]
    packed = steps(first)
    assert {37, 40, 45, 50} <= set(check(packed))


def test_an_image_without_objects():
    packed = pipeline(dict(type='RandomFlip', prob=1.0))(sample(()))
    objects = packed['data_samples'].gt_instances
    assert objects.attributes.shape == (0, A)
    assert objects.attribute_mask.shape == (0, A)


def test_inference_has_no_annotations():
    info = sample()
    del info['instances'], info['num_attributes']
    packed = pipeline()(info)
    assert 'attributes' not in packed['data_samples'].gt_instances
    assert packed['inputs'].shape == (3, *SIZE)


def test_orders_that_do_not_work_are_named():
    load = dict(type='mmvision_ext.LoadObjectAttributes')
    pack = dict(type='mmvision_ext.PackDetAttributes')
    boxes = dict(type='LoadAnnotations', with_bbox=True)
    with pytest.raises(InputError, match='4 objects and labels .* none'):
        Compose([load, boxes, pack])(sample())
    with pytest.raises(InputError, match=r'labels of shape \(4, 8\)'):
        Compose([boxes, load, load, pack])(sample())
    with pytest.raises(InputError, match=r'PackDet.* expected \(objects, 8\)'):
        Compose([boxes, pack])(sample())
    info = sample()
    del info['num_attributes']
    with pytest.raises(InputError, match="attributes, such .* 'a.jpg'"):
        Compose([boxes, load, pack])(info)
