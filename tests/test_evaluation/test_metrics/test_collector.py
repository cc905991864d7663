import pickle

import numpy as np
import pytest
import torch
from mmdet.registry import TRANSFORMS
from mmdet.structures.bbox import HorizontalBoxes
from mmdet.structures.mask import PolygonMasks
from pycocotools import mask as mask_utils

from mmvision_ext.evaluation.metrics import image_record
from mmvision_ext.utils import InputError

A, B = [0, 0, 20, 20], [40, 10, 60, 40]


def assert_same_masks(found, expected):
    assert [m['size'] for m in found] == [m['size'] for m in expected]
    assert [m['counts'] for m in found] == [m['counts'] for m in expected]


@pytest.fixture
def record(make_record):
    return make_record([(A, 2), (B, 0, True)], [(B, 1, 0.5), (A, 2, 0.25)], 7)


@pytest.fixture
def sample(record, to_sample):
    return to_sample(record)


def test_record_holds_what_the_sample_says(record, sample):
    result = image_record(sample, with_masks=True)
    assert (result.img_id, result.height, result.width) == (7, 72, 96)
    for name in ('boxes', 'labels', 'ignored'):
        np.testing.assert_array_equal(
            getattr(result.truth, name), getattr(record.truth, name)
        )
    for name in ('boxes', 'labels', 'scores'):
        np.testing.assert_array_equal(
            getattr(result.detections, name), getattr(record.detections, name)
        )
    assert_same_masks(result.truth.masks, record.truth.masks)
    assert_same_masks(result.detections.masks, record.detections.masks)


def test_random_samples_survive(random_records, to_sample):
    for record in random_records(20):
        result = image_record(to_sample(record), with_masks=True)
        order = np.argsort(record.truth.ignored, kind='stable')
        np.testing.assert_array_equal(
            result.truth.labels, record.truth.labels[order]
        )
        assert_same_masks(
            result.truth.masks, [record.truth.masks[i] for i in order]
        )
        assert_same_masks(result.detections.masks, record.detections.masks)


def test_mixed_precision_of_cpus(record, sample):
    found = sample['pred_instances']
    for name in ('bboxes', 'scores'):
        found[name] = found[name].bfloat16()
    result = image_record(sample, with_masks=True).detections
    assert result.boxes.dtype == result.scores.dtype == np.float32
    np.testing.assert_array_equal(result.boxes, record.detections.boxes)
    np.testing.assert_array_equal(result.scores, record.detections.scores)


def test_predicted_masks_are_kept_only_where_asked_for(sample):
    result = image_record(sample)
    assert result.detections.masks is None
    assert len(result.truth.masks) == 2


def test_boxes_alone(record, to_sample):
    result = image_record(to_sample(record, with_masks=False))
    assert result.truth.masks is None and result.detections.masks is None


def test_record_is_small_and_picklable(make_record, to_sample):
    found = [(A, 0, 0.5)] * 100
    sample = to_sample(make_record([(A, 0)], found))
    data = pickle.dumps(image_record(sample, with_masks=True), protocol=2)
    assert len(data) < 100 * 72 * 96 / 20  # a twentieth of the bool masks
    assert len(pickle.loads(data).detections.masks) == 100


def test_output_of_the_test_pipeline():
    load = TRANSFORMS.build(
        dict(type='LoadAnnotations', with_bbox=True, with_mask=True)
    )
    pack = TRANSFORMS.build(
        dict(
            type='PackDetInputs',
            meta_keys=('img_id', 'img_path', 'ori_shape', 'img_shape'),
        )
    )
    pixels = np.zeros((30, 40), np.uint8, order='F')
    pixels[5:20, 10:30] = 1
    rle = mask_utils.encode(pixels)
    text = dict(size=[30, 40], counts=rle['counts'].decode())
    packed = pack(
        load(
            dict(
                img_id=3,
                img_path='3.jpg',
                ori_shape=(30, 40),
                img_shape=(60, 80),
                height=30,
                width=40,
                instances=[
                    dict(
                        bbox=[10, 5, 30, 20],
                        bbox_label=label,
                        ignore_flag=flag,
                        mask=text,
                    )
                    for label, flag in ((1, 0), (0, 1))
                ],
            )
        )
    )['data_samples'].to_dict()
    packed['pred_instances'] = dict(
        bboxes=torch.zeros(0, 4),
        scores=torch.zeros(0),
        labels=torch.zeros(0, dtype=torch.long),
        masks=torch.zeros(0, 30, 40, dtype=torch.bool),
    )
    result = image_record(packed, with_masks=True)
    assert result.truth.boxes.tolist() == [[10, 5, 30, 20]] * 2
    assert result.truth.labels.tolist() == [1, 0]
    assert result.truth.ignored.tolist() == [False, True]
    assert_same_masks(result.truth.masks, [rle, rle])
    assert result.detections.boxes.shape == (0, 4)
    assert result.detections.masks == []


def test_box_objects_and_polygons_are_read(sample):
    sample['gt_instances']['bboxes'] = HorizontalBoxes([A])
    square = np.array([2.0, 3, 12, 3, 12, 9, 2, 9])
    sample['gt_instances']['masks'] = PolygonMasks([[square]], 72, 96)
    result = image_record(sample, with_masks=True)
    assert result.truth.boxes[0].tolist() == A
    assert mask_utils.area(result.truth.masks[0]) == 60


def test_encoded_predictions_pass_through(record, sample):
    sample['pred_instances']['masks'] = record.detections.masks
    result = image_record(sample, with_masks=True)
    assert_same_masks(result.detections.masks, record.detections.masks)


def test_without_ignore_flags_nothing_is_ignored(sample):
    sample['ignored_instances'] = {}
    result = image_record(sample, with_masks=True)
    assert result.truth.ignored.tolist() == [False]


@pytest.mark.parametrize(
    'path',
    [
        ['gt_instances'],
        ['ignored_instances'],
        ['gt_instances', 'bboxes'],
        ['gt_instances', 'labels'],
        ['gt_instances', 'masks'],
        ['ignored_instances', 'masks'],
        ['ori_shape'],
        ['img_id'],
        ['pred_instances'],
    ],
)
def test_missing_key_names_the_pipeline(sample, path):
    holder = sample
    for key in path[:-1]:
        holder = holder[key]
    del holder[path[-1]]
    where = ''.join(f"['{key}']" for key in path)
    with pytest.raises(InputError) as caught:
        image_record(sample, with_masks=True)
    message = str(caught.value)
    assert where in message and "'7.jpg'" in message
    assert 'LoadAnnotations' in message and 'PackDetInputs' in message


def test_box_only_model_names_the_metric_key(sample):
    del sample['pred_instances']['masks']
    with pytest.raises(
        InputError, match="metric='segm' needs masks.*metric='bbox'"
    ):
        image_record(sample, with_masks=True)


@pytest.mark.parametrize(
    ('name', 'word'),
    [('gt_instances', 'ground-truth'), ('pred_instances', 'predicted')],
)
def test_masks_of_the_resized_image_are_refused(sample, name, word):
    sample[name]['masks'] = np.ones((len(sample[name]['labels']), 144, 192))
    with pytest.raises(
        InputError,
        match=word + r' masks of image 7 are '
        r'\(144, 192\).*\(72, 96\).*after Resize',
    ):
        image_record(sample, with_masks=True)
