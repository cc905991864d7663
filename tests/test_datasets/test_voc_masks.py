"""Masks of VOC and SBD, and which box each belongs to."""

from itertools import permutations

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as mask_utils
from scipy.io import savemat

from mmvision_ext.datasets.errors import AnnotationError
from mmvision_ext.datasets.voc_masks import (
    encode_box,
    encode_masks,
    match_masks,
    read_png_instances,
    read_sbd_instances,
    tight_boxes,
)


def write_png(path, values):
    image = Image.fromarray(np.asarray(values, np.uint8))
    image.putpalette(list(range(256)) * 3)
    image.save(path)
    return path


@pytest.fixture
def scene(tmp_path):
    """Object 7 of class 8 and object 2 of class 15, with void between."""
    ids = np.zeros((30, 40), np.uint8)
    ids[4:21, 5:16] = 255
    ids[5:20, 6:15] = 7
    ids[10:12, 20:38] = 2
    classes = np.where(ids == 7, 8, np.where(ids == 2, 15, ids))
    classes[10, 20:24] = 8  # a few pixels of another class
    return (
        write_png(tmp_path / 'object.png', ids),
        write_png(tmp_path / 'class.png', classes),
        ids,
    )


def test_png_instances(scene):
    object_path, class_path, ids = scene
    found = read_png_instances(object_path, class_path)
    np.testing.assert_array_equal(found.masks, [ids == 2, ids == 7])
    np.testing.assert_array_equal(
        found.boxes, [[20, 10, 38, 12], [6, 5, 15, 20]]
    )
    assert found.class_ids == (15, 8)


def test_png_without_classes(scene):
    assert read_png_instances(scene[0], None).class_ids == (None, None)


def test_png_without_objects(tmp_path):
    values = np.zeros((8, 9))
    values[2:4] = 255
    found = read_png_instances(write_png(tmp_path / 'a.png', values), None)
    assert found.masks.shape == (0, 8, 9)
    assert found.boxes.shape == (0, 4)
    assert found.class_ids == ()


def test_class_of_void_pixels_is_unknown(tmp_path):
    ids = write_png(tmp_path / 'object.png', np.ones((4, 4)))
    classes = write_png(tmp_path / 'class.png', np.full((4, 4), 255))
    assert read_png_instances(ids, classes).class_ids == (None,)


def test_coloured_masks_are_refused(tmp_path):
    Image.new('RGB', (4, 4)).save(tmp_path / 'a.png')
    with pytest.raises(AnnotationError, match='a.png.*indexed.*RGB'):
        read_png_instances(tmp_path / 'a.png', None)


def test_truncated_png(scene, tmp_path):
    path = tmp_path / 'cut.png'
    path.write_bytes(scene[0].read_bytes()[:-30])
    with pytest.raises(AnnotationError, match='cut.png'):
        read_png_instances(path, None)


def test_class_mask_of_another_size(scene, tmp_path):
    other = write_png(tmp_path / 'other.png', np.zeros((5, 6)))
    with pytest.raises(AnnotationError, match='other.png.*40x30.*6x5'):
        read_png_instances(scene[0], other)


def test_sbd_instances(write_sbd, tmp_path):
    ids = np.zeros((30, 40), np.uint8)
    ids[5:20, 6:15] = 1
    ids[10:12, 20:38] = 3  # object 2 is hidden altogether
    path = write_sbd(tmp_path / 'a.mat', ids, [8, 1, 15])
    found = read_sbd_instances(path)
    np.testing.assert_array_equal(found.masks, [ids == 1, ids == 3])
    np.testing.assert_array_equal(
        found.boxes, [[6, 5, 15, 20], [20, 10, 38, 12]]
    )
    assert found.class_ids == (8, 15)


def test_sbd_with_too_few_categories(write_sbd, tmp_path):
    path = write_sbd(tmp_path / 'a.mat', [[0, 1], [2, 2]], [8])
    with pytest.raises(AnnotationError, match='a.mat.*object 2.*1 entries'):
        read_sbd_instances(path)


def test_not_sbd(tmp_path):
    path = tmp_path / 'a.mat'
    path.write_bytes(b'')
    with pytest.raises(AnnotationError, match='a.mat.*GTinst'):
        read_sbd_instances(path)
    path.write_bytes(b'something else entirely' * 20)
    with pytest.raises(AnnotationError, match='a.mat.*GTinst'):
        read_sbd_instances(path)
    savemat(path, {'GTcls': {'Segmentation': np.zeros((2, 2))}})
    with pytest.raises(AnnotationError, match='a.mat.*GTinst'):
        read_sbd_instances(path)
    savemat(path, {'GTinst': {'Segmentation': np.zeros((2, 2), np.uint8)}})
    with pytest.raises(AnnotationError, match='a.mat.*Categories'):
        read_sbd_instances(path)
    savemat(
        path,
        {
            'GTinst': {
                'Segmentation': np.zeros((2, 2)),
                'Categories': np.zeros((0, 1), np.uint8),
            }
        },
    )
    with pytest.raises(AnnotationError, match='a.mat.*uint8'):
        read_sbd_instances(path)


def test_garbled_sbd_reads_or_is_an_annotation_error(write_sbd, tmp_path):
    path = write_sbd(tmp_path / 'a.mat', np.eye(20), [8])
    sound = path.read_bytes()
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(100):
        garbled = bytearray(sound[: rng.integers(1, len(sound) + 1)])
        garbled[rng.integers(len(garbled))] = rng.integers(256)
        path.write_bytes(bytes(garbled))
        try:
            read_sbd_instances(path)
        except AnnotationError as error:
            assert 'a.mat' in str(error)
            refused += 1
    assert refused > 50


def test_tight_boxes_against_nonzero():
    rng = np.random.default_rng(0)
    masks = rng.random((20, 13, 17)) < 0.02
    masks[:, 4, 5] = True
    for mask, box in zip(masks, tight_boxes(masks), strict=True):
        rows, cols = np.nonzero(mask)
        assert box.tolist() == [
            cols.min(),
            rows.min(),
            cols.max() + 1,
            rows.max() + 1,
        ]


def test_encoding_is_exact():
    masks = np.random.default_rng(0).random((5, 13, 17)) < 0.5
    rles = encode_masks(masks)
    assert all(isinstance(rle['counts'], str) for rle in rles)
    for mask, rle in zip(masks, rles, strict=True):
        assert rle['size'] == [13, 17]
        np.testing.assert_array_equal(mask_utils.decode(rle), mask)
    assert encode_masks(np.zeros((0, 13, 17), bool)) == []


def test_encoded_box_covers_its_pixels():
    expected = np.zeros((13, 17), bool)
    expected[2:9, 4:17] = True
    rle = encode_box((4, 2, 17, 9), (17, 13))
    np.testing.assert_array_equal(mask_utils.decode(rle), expected)


def inclusive_iou(box, other):
    """VOC's overlap, counted pixel by pixel."""
    canvas = np.zeros((2, 64, 64), bool)
    for layer, (x1, y1, x2, y2) in zip(canvas, (box, other), strict=True):
        layer[int(y1) : int(y2), int(x1) : int(x2)] = True
    return (canvas[0] & canvas[1]).sum() / (canvas[0] | canvas[1]).sum()


@pytest.mark.parametrize('seed', range(8))
def test_match_is_the_best_assignment(seed):
    rng = np.random.default_rng(seed)
    start = rng.integers(0, 20, (4, 2))
    boxes = np.hstack([start, start + rng.integers(10, 40, (4, 2))])
    mask_boxes = boxes[rng.permutation(4)] + rng.integers(-3, 4, (4, 4))
    mask_boxes = mask_boxes.clip(0, 64)
    labels = list('abab')
    mask_labels = [labels[index] for index in rng.permutation(4)]
    mask_labels[0] = None

    def value(order):
        pairs = [
            (inclusive_iou(boxes[row], mask_boxes[col]), row, col)
            for row, col in enumerate(order)
        ]
        return sum(
            overlap
            for overlap, row, col in pairs
            if overlap >= 0.5 and mask_labels[col] in (None, labels[row])
        )

    matches = match_masks(boxes, labels, mask_boxes, mask_labels)
    reached = sum(
        inclusive_iou(boxes[row], mask_boxes[col])
        for row, col in enumerate(matches)
        if col >= 0
    )
    best = max(value(order) for order in permutations(range(4)))
    assert reached == pytest.approx(best)
    taken = matches[matches >= 0]
    assert len(set(taken)) == len(taken)
    for row, col in enumerate(matches):
        if col >= 0:
            assert inclusive_iou(boxes[row], mask_boxes[col]) >= 0.5
            assert mask_labels[col] in (None, labels[row])


def test_match_needs_overlap_and_class():
    box = np.array([[0, 0, 10, 10]])
    half = np.array([[0, 0, 10, 5]])
    assert match_masks(box, ['cat'], half, ['cat']) == [0]
    assert match_masks(box, ['cat'], half, ['cat'], 0.51) == [-1]
    assert match_masks(box, ['cat'], half, ['dog']) == [-1]
    assert match_masks(box, ['cat'], half, [None]) == [0]


def test_match_without_boxes_or_masks():
    none, box = np.zeros((0, 4)), np.array([[0, 0, 10, 10]])
    assert match_masks(none, [], box, ['cat']).tolist() == []
    assert match_masks(box, ['cat'], none, []).tolist() == [-1]
