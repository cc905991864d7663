"""Stand-in for mmcv's compiled non-maximum suppression."""

import torch
from torch import Tensor
from torchvision.ops import nms as torchvision_nms


def nms(
    boxes: Tensor, scores: Tensor, iou_threshold: float, offset: int
) -> Tensor:
    """Greedy non-maximum suppression, as ``mmcv._ext.nms``.

    Args:
        boxes: (N, 4) boxes x1, y1, x2, y2 in pixels.
        scores: (N,) scores; need not have the dtype of the boxes.
        iou_threshold: A box is dropped when its IoU with a kept box is
            greater than this.
        offset: 0 or 1; a box is x2 - x1 + offset wide.

    Returns:
        (K,) int64 indices of the kept boxes, by descending score.

    Raises:
        ValueError: If the offset is neither 0 nor 1.
    """
    if offset not in (0, 1):
        raise ValueError(f'nms: offset must be 0 or 1, found {offset!r}.')
    dtype = torch.promote_types(boxes.dtype, scores.dtype)
    dtype = torch.promote_types(dtype, torch.float32)
    boxes = boxes.to(dtype)
    if offset:
        boxes = torch.cat((boxes[:, :2], boxes[:, 2:] + offset), dim=1)
    return torchvision_nms(boxes, scores.to(dtype), iou_threshold)
