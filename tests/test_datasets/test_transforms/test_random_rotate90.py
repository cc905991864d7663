"""Quarter turns: boxes and masks stay on their pixels."""

import numpy as np
import pytest
import torch
from mmdet.structures.bbox import HorizontalBoxes
from mmdet.structures.mask import BitmapMasks, PolygonMasks
from mmengine.registry import TRANSFORMS

from mmvision_ext.datasets.errors import DatasetError
from mmvision_ext.datasets.transforms import RandomRotate90
from mmvision_ext.datasets.transforms.random_rotate90 import quarter_turns

HEIGHT, WIDTH = 40, 70
BOXES = [[3, 5, 20, 11], [0, 0, 70, 40], [69, 39, 70, 40]]


def sample():
    """An image in which each box is a colour, the last on top."""
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    masks = np.zeros((len(BOXES), HEIGHT, WIDTH), np.uint8)
    for index, (x1, y1, x2, y2) in enumerate(BOXES):
        masks[index, y1:y2, x1:x2] = 1
    image[..., 0] = np.arange(WIDTH)
    image[..., 1] = np.arange(HEIGHT)[:, None]
    return dict(
        img=image,
        img_shape=(HEIGHT, WIDTH),
        gt_bboxes=HorizontalBoxes(torch.tensor(BOXES, dtype=torch.float32)),
        gt_masks=BitmapMasks(masks, HEIGHT, WIDTH),
        gt_seg_map=image[..., 0].copy(),
    )


def turned(turns, results, monkeypatch):
    transform = RandomRotate90(prob=1)
    monkeypatch.setattr(transform, '_turns', lambda: turns)
    return transform(results)


@pytest.mark.parametrize('turns', [0, 1, 2, 3])
def test_boxes_lie_on_the_same_pixels(turns, monkeypatch):
    results = turned(turns, sample(), monkeypatch)
    size = (HEIGHT, WIDTH) if turns % 2 == 0 else (WIDTH, HEIGHT)
    assert results['img'].shape == (*size, 3)
    assert results['img'].flags['C_CONTIGUOUS']
    assert results['img_shape'] == size
    assert results['gt_masks'].masks.shape == (len(BOXES), *size)
    assert (results['gt_masks'].height, results['gt_masks'].width) == size
    np.testing.assert_array_equal(
        results['gt_seg_map'], results['img'][..., 0]
    )
    boxes = results['gt_bboxes'].tensor.tolist()
    for box, mask, source in zip(
        boxes, results['gt_masks'].masks, BOXES, strict=True
    ):
        rows, columns = np.nonzero(mask)
        assert box == [
            columns.min(),
            rows.min(),
            columns.max() + 1,
            rows.max() + 1,
        ]
        # The pixels in the box are those that were in it.
        x1, y1, x2, y2 = source
        inside = results['img'][mask.astype(bool)]
        assert set(inside[:, 0]) == set(range(x1, x2))
        assert set(inside[:, 1]) == set(range(y1, y2))


def test_fractions_stay_exact(monkeypatch):
    results = sample()
    results['gt_bboxes'] = HorizontalBoxes(
        torch.tensor([[3.25, 5.5, 20.125, 11.75]])
    )
    results = turned(1, results, monkeypatch)
    assert results['gt_bboxes'].tensor.tolist() == [
        [5.5, 70 - 20.125, 11.75, 70 - 3.25]
    ]


@pytest.mark.parametrize('turns', [1, 2, 3])
def test_polygons_give_the_turned_mask(turns, monkeypatch):
    results = sample()
    x1, y1, x2, y2 = BOXES[0]
    polygon = np.array([x1, y1, x2, y1, x2, y2], np.float32)
    results['gt_masks'] = PolygonMasks([[polygon], []], HEIGHT, WIDTH)
    results = turned(turns, results, monkeypatch)
    masks = results['gt_masks']
    assert (masks.height, masks.width) == results['img_shape']
    [corners] = masks.masks[0]
    found = {tuple(point) for point in corners.reshape(-1, 2)}
    expected = {
        1: {(y1, WIDTH - x1), (y1, WIDTH - x2), (y2, WIDTH - x2)},
        2: {
            (WIDTH - x1, HEIGHT - y1),
            (WIDTH - x2, HEIGHT - y1),
            (WIDTH - x2, HEIGHT - y2),
        },
        3: {(HEIGHT - y1, x1), (HEIGHT - y1, x2), (HEIGHT - y2, x2)},
    }
    assert found == expected[turns]
    assert masks.masks[1] == []


def test_four_turns_are_none():
    size = HEIGHT, WIDTH
    whole = np.eye(3)
    for _ in range(4):
        whole = quarter_turns(1, *size) @ whole
        size = size[::-1]
    np.testing.assert_array_equal(whole, np.eye(3))
    np.testing.assert_array_equal(quarter_turns(4, *size), np.eye(3))


def test_after_a_flip_the_homography_is_of_both(monkeypatch):
    flip = TRANSFORMS.build(dict(type='mmdet.RandomFlip', prob=1.0))
    results = turned(1, flip(sample()), monkeypatch)
    boxes = HorizontalBoxes(torch.tensor(BOXES, dtype=torch.float32))
    boxes.project_(results['homography_matrix'])
    assert torch.equal(boxes.tensor, results['gt_bboxes'].tensor)


def test_share_of_rotations():
    transform = TRANSFORMS.build(
        dict(type='mmvision_ext.RandomRotate90', prob=0.6)
    )
    np.random.seed(0)
    turns = np.bincount([transform._turns() for _ in range(3000)])
    np.testing.assert_allclose(turns / 3000, [0.4, 0.2, 0.2, 0.2], atol=0.03)
    assert repr(transform) == 'RandomRotate90(prob=0.6)'


def test_an_image_alone_and_no_objects(monkeypatch):
    image = sample()['img']
    results = turned(1, dict(img=image), monkeypatch)
    np.testing.assert_array_equal(results['img'], np.rot90(image))
    empty = sample() | dict(
        gt_bboxes=HorizontalBoxes(torch.zeros(0, 4)),
        gt_masks=BitmapMasks([], HEIGHT, WIDTH),
    )
    results = turned(3, empty, monkeypatch)
    assert results['gt_bboxes'].tensor.shape == (0, 4)
    assert results['gt_masks'].masks.shape == (0, WIDTH, HEIGHT)


@pytest.mark.parametrize('prob', [-0.1, 1.5])
def test_bad_probability(prob):
    with pytest.raises(DatasetError, match=r'\[0, 1\]'):
        RandomRotate90(prob)
