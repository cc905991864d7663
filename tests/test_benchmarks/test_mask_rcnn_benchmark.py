"""Mask R-CNN of both libraries on one set of weights, small."""

import pytest
import torch

from mmvision_ext.benchmarks.mask_rcnn.equality import compare_found
from mmvision_ext.benchmarks.mask_rcnn.models import (
    ModelSize,
    build_ours,
    build_peer,
    make_image,
    share_weights,
    spread_scores,
)
from mmvision_ext.benchmarks.mask_rcnn.ways import (
    EAGER,
    Found,
    build_ways,
    run_peer,
)

SMALL = ModelSize(18, 64, 96, proposals=50, detections=10)


@pytest.fixture(scope='module')
def ways():
    """Name of a way to what runs it; nothing is compiled: it takes minutes."""
    image = make_image(SMALL)
    peer, ours = build_peer(SMALL), build_ours(SMALL)
    spread_scores(peer, image / 255)
    share_weights(ours, peer)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch, 'compile', lambda function: function)
        return dict(peer=run_peer(peer, image), **build_ways(ours, image))


@pytest.fixture(scope='module')
def eager(ways):
    """What the eager model of MMDetection finds."""
    return ways[EAGER]()


def test_both_libraries_find_the_same_boxes(ways, eager):
    peer = ways['peer']()
    assert len(peer.boxes) == SMALL.detections
    torch.testing.assert_close(eager.boxes, peer.boxes, atol=1e-3, rtol=0)
    torch.testing.assert_close(eager.scores, peer.scores, atol=1e-5, rtol=0)
    assert torch.equal(eager.labels, peer.labels)
    assert len(eager.labels.unique()) > 1 and eager.scores.std() > 0.01
    assert eager.masks.shape == peer.masks.shape == (10, 64, 96)


@pytest.mark.parametrize(
    'name',
    [
        '+ inference_mode',
        '+ channels_last',
        '+ torch.compile',
        '+ without data samples',
        '+ masks in bfloat16',
    ],
)
def test_steps_change_no_box(ways, eager, name):
    found = compare_found(eager, ways[name]())
    assert (found.same, found.total) == (10, 10) and found.pixels > 0.95


def test_all_in_bfloat16_gives_float32_and_other_boxes(ways, eager):
    found = ways['+ all in bfloat16']()
    assert found.boxes.dtype == found.scores.dtype == torch.float32
    assert not torch.equal(found.scores, eager.scores)


def test_image_is_always_the_same():
    image = make_image(SMALL)
    assert image.shape == (3, 64, 96) and image.dtype == torch.uint8
    assert torch.equal(image, make_image(SMALL)) and image.float().std() > 30


def make_found(boxes, scores, labels):
    """Detections whose masks fill the left half of an image."""
    masks = torch.zeros(len(boxes), 4, 4, dtype=torch.bool)
    masks[:, :, :2] = True
    return Found(
        torch.tensor(boxes), torch.tensor(scores), torch.tensor(labels), masks
    )


def test_equality_tells_class_place_and_score():
    boxes = [[0.0, 0, 9, 9], [5, 5, 9, 9], [1, 1, 3, 3], [2, 2, 4, 4]]
    reference = make_found(boxes, [0.9, 0.8, 0.7, 0.6], [0, 1, 2, 0])
    other = make_found(
        [boxes[2], [0, 0, 9, 9.05], [5, 5, 9, 9.2], boxes[3]],
        [0.7, 0.9, 0.8, 0.61],
        [1, 0, 1, 0],
    )
    found = compare_found(reference, other)
    # Equal: the first alone, of 0.05 px; the others differ by a class, by
    # 0.2 px and by 0.01 of the score.
    assert (found.same, found.total, found.pixels) == (1, 4, 1.0)
    other.masks[1, :, 2] = True
    assert compare_found(reference, other).pixels == pytest.approx(2 / 3)
    assert str(found) == '1 of 4 boxes equal, their masks to 100.00%'
    none = compare_found(reference, make_found(boxes, [0.1] * 4, [3] * 4))
    assert str(none) == '0 of 4 boxes equal'
