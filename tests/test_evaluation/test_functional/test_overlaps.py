import numpy as np
import pytest
from pycocotools import mask as mask_utils

from mmvision_ext.evaluation.functional import (
    Detections,
    box_iou,
    mask_areas,
    mask_iou,
    record_iou,
)


def test_box_iou_by_hand():
    first = [[0, 0, 10, 10], [0, 0, 4, 2]]
    second = [[5, 0, 15, 10], [0, 0, 10, 10], [20, 20, 30, 30]]
    expected = [[50 / 150, 1, 0], [0, 8 / 100, 0]]
    np.testing.assert_allclose(box_iou(first, second), expected, atol=1e-15)


def test_box_iou_equals_the_inclusive_overlap_of_the_voc_devkit():
    rng = np.random.default_rng(0)
    corners = rng.integers(1, 60, (2, 40, 2))
    sizes = rng.integers(0, 40, (2, 40, 2))
    voc = np.concatenate([corners, corners + sizes], axis=2)  # inclusive
    expected = np.zeros((40, 40))
    for i, a in enumerate(voc[0]):
        for j, b in enumerate(voc[1]):
            width = min(a[2], b[2]) - max(a[0], b[0]) + 1
            height = min(a[3], b[3]) - max(a[1], b[1]) + 1
            if width > 0 and height > 0:
                areas = [(x[2] - x[0] + 1) * (x[3] - x[1] + 1) for x in (a, b)]
                overlap = width * height
                expected[i, j] = overlap / (sum(areas) - overlap)
    edges = voc - [1, 1, 0, 0]
    assert (expected > 0).sum() > 100
    np.testing.assert_array_equal(box_iou(edges[0], edges[1]), expected)


@pytest.mark.parametrize(
    ('boxes', 'others', 'shape'),
    [
        (np.zeros((0, 4)), np.zeros((3, 4)), (0, 3)),
        (np.zeros((2, 4)), np.zeros((0, 4)), (2, 0)),
        (np.zeros((2, 4)), np.array([[0, 0, 5, 5]]), (2, 1)),
        (np.array([[5, 5, 2, 2]]), np.array([[0, 0, 9, 9]]), (1, 1)),
    ],
)
def test_box_iou_of_nothing_is_zero(boxes, others, shape):
    overlaps = box_iou(boxes, others)
    assert overlaps.shape == shape
    assert not overlaps.any()


def test_mask_iou_and_areas_equal_pixel_counts(random_records):
    compared = 0
    for record in random_records(10):
        found = record.detections.masks
        truth = record.truth.masks
        pixels = [
            [mask_utils.decode(m).astype(bool) for m in side]
            for side in (found, truth)
        ]
        expected = np.zeros((len(found), len(truth)))
        for i, a in enumerate(pixels[0]):
            for j, b in enumerate(pixels[1]):
                expected[i, j] = (a & b).sum() / max((a | b).sum(), 1)
                compared += expected[i, j] > 0
        np.testing.assert_allclose(
            mask_iou(found, truth), expected, atol=1e-12
        )
        np.testing.assert_array_equal(
            mask_areas(truth), [b.sum() for b in pixels[1]]
        )
    assert compared > 20


def test_empty_masks_overlap_nothing():
    empty = mask_utils.encode(np.zeros((6, 7), np.uint8, order='F'))
    assert mask_iou([empty], [empty]).tolist() == [[0]]
    assert mask_areas([empty]).tolist() == [0]
    assert mask_areas([]).shape == (0,)


def test_areas_of_more_masks_than_a_byte_can_count():
    pixels = np.zeros((600, 5, 7), np.uint8)
    for index, mask in enumerate(pixels):
        mask.flat[: index % 36] = 1
    masks = [mask_utils.encode(np.asfortranarray(mask)) for mask in pixels]
    assert mask_areas(masks).tolist() == [index % 36 for index in range(600)]


def test_record_iou_without_masks_names_the_side(make_record):
    record = make_record([([0, 0, 9, 9], 0)], [([0, 0, 9, 9], 0, 0.5)])
    part = record.detections
    boxes_only = type(record)(
        record.img_id,
        record.height,
        record.width,
        record.truth,
        Detections(part.boxes, part.scores, part.labels),
    )
    assert record_iou(boxes_only, 'bbox').tolist() == [[1]]
    with pytest.raises(ValueError, match='detections of image 0 have none'):
        record_iou(boxes_only, 'segm')
