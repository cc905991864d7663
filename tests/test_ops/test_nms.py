"""Non-maximum suppression against a brute-force float64 reference."""

from types import ModuleType

import numpy as np
import pytest
import torch
from mmcv.ops import batched_nms
from mmcv.ops import nms as mmcv_nms
from torch import Tensor

from mmvision_ext.ops.nms import nms

Boxes = tuple[Tensor, Tensor]


def overlap(first: np.ndarray, second: np.ndarray, offset: int) -> float:
    """IoU of two boxes (4,), each x2 - x1 + offset wide."""
    width = min(first[2], second[2]) - max(first[0], second[0]) + offset
    height = min(first[3], second[3]) - max(first[1], second[1]) + offset
    common = max(width, 0) * max(height, 0)
    areas = [
        (box[2] - box[0] + offset) * (box[3] - box[1] + offset)
        for box in (first, second)
    ]
    return common / (sum(areas) - common)


def reference(
    boxes: Tensor, scores: Tensor, threshold: float, offset: int = 0
) -> list[int]:
    """Indices that greedy suppression keeps, by descending score."""
    corners = boxes.double().numpy()
    kept: list[int] = []
    for index in np.argsort(-scores.double().numpy()):
        if all(
            overlap(corners[index], corners[other], offset) <= threshold
            for other in kept
        ):
            kept.append(int(index))
    return kept


def batched_reference(
    boxes: Tensor, scores: Tensor, groups: Tensor, threshold: float
) -> list[int]:
    """Suppression within each group, then all by descending score."""
    kept: list[int] = []
    for group in groups.unique():
        member = (groups == group).nonzero().flatten()
        chosen = reference(boxes[member], scores[member], threshold)
        kept += member[chosen].tolist()
    return sorted(kept, key=lambda index: -scores[index].item())


@pytest.fixture
def crowd(generator: torch.Generator) -> Boxes:
    """60 overlapping boxes of 5 to 40 px and distinct scores, float64."""
    corner = torch.rand(60, 2, generator=generator).double() * 60
    size = 5 + torch.rand(60, 2, generator=generator).double() * 35
    scores = torch.randperm(60, generator=generator).double() / 60
    return torch.cat((corner, corner + size), dim=1), scores


@pytest.mark.parametrize('offset', [0, 1])
@pytest.mark.parametrize('threshold', [0.0, 0.3, 0.5, 0.9])
@pytest.mark.parametrize('dtype', [torch.float32, torch.float64])
def test_keeps_what_the_reference_keeps(
    crowd: Boxes, offset: int, threshold: float, dtype: torch.dtype
) -> None:
    boxes, scores = (value.to(dtype) for value in crowd)
    kept = nms(boxes, scores, threshold, offset)
    assert kept.tolist() == reference(boxes, scores, threshold, offset)


def test_offset_decides_a_close_case() -> None:
    boxes = torch.tensor([[0.0, 0.0, 3.0, 3.0], [2.0, 0.0, 5.0, 3.0]])
    scores = torch.tensor([0.9, 0.8])  # IoU 3/15 without and 8/24 with offset
    assert nms(boxes, scores, 0.25, 0).tolist() == [0, 1]
    assert nms(boxes, scores, 0.25, 1).tolist() == [0]


@pytest.mark.parametrize('offset', [0, 1])
def test_no_boxes(offset: int) -> None:
    kept = nms(torch.empty(0, 4), torch.empty(0), 0.5, offset)
    assert kept.shape == (0,)
    assert kept.dtype == torch.int64


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
@pytest.mark.parametrize('mixed', [False, True])
def test_half_precision_is_decided_in_float32(
    crowd: Boxes, dtype: torch.dtype, mixed: bool
) -> None:
    boxes = crowd[0].to(dtype)
    scores = crowd[1].to(torch.float32 if mixed else dtype)
    assert nms(boxes, scores, 0.5, 0).tolist() == reference(boxes, scores, 0.5)


def test_other_offsets_are_refused() -> None:
    with pytest.raises(ValueError, match='offset must be 0 or 1, found 2'):
        nms(torch.zeros(1, 4), torch.zeros(1), 0.5, 2)


# The tests through mmcv use float32: the compiled operator knows no other.


@pytest.mark.parametrize('offset', [0, 1])
def test_mmcv_nms_with_limits(crowd: Boxes, offset: int) -> None:
    boxes, scores = (value.float() for value in crowd)
    dets, kept = mmcv_nms(
        boxes, scores, 0.5, offset=offset, score_threshold=0.4, max_num=7
    )
    expected = [
        index
        for index in reference(boxes, scores, 0.5, offset)
        if scores[index] > 0.4
    ][:7]
    assert len(expected) == 7
    assert kept.tolist() == expected
    assert torch.equal(
        dets, torch.cat((boxes[expected], scores[expected, None]), dim=1)
    )


@pytest.mark.parametrize('split', [10000, 10])
def test_mmcv_batched_nms(
    crowd: Boxes, generator: torch.Generator, split: int
) -> None:
    boxes, scores = (value.float() for value in crowd)
    groups = torch.randint(0, 3, (60,), generator=generator)
    settings = dict(type='nms', iou_threshold=0.3, split_thr=split)
    dets, kept = batched_nms(boxes, scores, groups, settings)
    assert kept.tolist() == batched_reference(boxes, scores, groups, 0.3)
    assert torch.equal(dets[:, 4], scores[kept])


def test_mmcv_class_agnostic_nms(
    crowd: Boxes, generator: torch.Generator
) -> None:
    boxes, scores = (value.float() for value in crowd)
    groups = torch.randint(0, 3, (60,), generator=generator)
    settings = dict(type='nms', iou_threshold=0.3)
    kept = batched_nms(boxes, scores, groups, settings, class_agnostic=True)[1]
    assert kept.tolist() == reference(boxes, scores, 0.3)
    assert len(kept) < len(batched_reference(boxes, scores, groups, 0.3))


def test_mmcv_nms_without_boxes() -> None:
    dets, kept = mmcv_nms(torch.empty(0, 4), torch.empty(0), 0.5)
    assert dets.shape == (0, 5)
    assert kept.shape == (0,)


@pytest.mark.parametrize('offset', [0, 1])
def test_equals_the_compiled_operator(
    crowd: Boxes, compiled: ModuleType, offset: int
) -> None:
    boxes, scores = (value.float() for value in crowd)
    expected = compiled.nms(boxes, scores, iou_threshold=0.5, offset=offset)
    assert torch.equal(nms(boxes, scores, 0.5, offset), expected)
