"""Boxes and regions of a detector, in operations that ONNX has."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from mmdet.models.roi_heads.roi_extractors import SingleRoIExtractor
from torch import Tensor
from torchvision.ops import nms, roi_align

MAX_RATIO = abs(math.log(16 / 1000))  # of a side to the anchor's, as mmdet


@dataclass(frozen=True)
class BoxCoder:
    """How four numbers move a box; see Ren et al. 2015, section 3.1.2.

    Attributes:
        means: Added after scaling.
        stds: Scales.
        clips: Whether boxes end at the border of the image.
    """

    means: tuple[float, ...]
    stds: tuple[float, ...]
    clips: bool


def decode_boxes(
    anchors: Tensor, deltas: Tensor, coder: BoxCoder, size: Tensor
) -> Tensor:
    """Move boxes by what a network predicted.

    Args:
        anchors: x1, y1, x2, y2 in pixels, (N, 4).
        deltas: Offset of the centre in sides of the anchor, and logarithm of
            the ratio of sides, both coded, (N, 4).
        coder: How they are coded.
        size: Height and width of the image in pixels, (2,).

    Returns:
        x1, y1, x2, y2 in pixels, (N, 4).
    """
    deltas = deltas * deltas.new_tensor(coder.stds) + deltas.new_tensor(
        coder.means
    )
    centre = (anchors[:, :2] + anchors[:, 2:]) * 0.5
    sides = anchors[:, 2:] - anchors[:, :2]
    centre = centre + sides * deltas[:, :2]
    sides = sides * deltas[:, 2:].clamp(-MAX_RATIO, MAX_RATIO).exp()
    boxes = torch.cat([centre - sides * 0.5, centre + sides * 0.5], 1)
    if not coder.clips:
        return boxes
    border = size.flip(0).repeat(2).to(boxes.dtype)
    return boxes.clamp(min=0).minimum(border)


def suppress(
    boxes: Tensor, scores: Tensor, groups: Tensor, max_iou: float
) -> Tensor:
    """Greedy non-maximum suppression within groups.

    As mmcv's ``batched_nms``, groups are moved apart, and the same far, so
    that rounding is the same.

    Args:
        boxes: x1, y1, x2, y2 in pixels, not negative, (N, 4).
        scores: (N,).
        groups: Class or level of each box, (N,).
        max_iou: A box that overlaps a better one by more is left out.

    Returns:
        Indices of those that stay, best first, (K,), int64.
    """
    # N may be 0, of which there is no largest; one more 0 changes none.
    corners = torch.cat([boxes.reshape(-1), boxes.new_zeros(1)])
    apart = groups.to(boxes.dtype) * (corners.max() + 1)
    return nms(boxes + apart[:, None], scores, max_iou)


def pool_regions(
    extractor: SingleRoIExtractor, maps: Sequence[Tensor], boxes: Tensor
) -> tuple[Tensor, Tensor]:
    """RoIAlign, each box from the level of the pyramid for its size.

    Lin et al. 2017, Feature Pyramid Networks, equation 1.

    Args:
        extractor: Says which levels, and how they are sampled.
        maps: Levels of the pyramid, each (1, C, H, W).
        boxes: x1, y1, x2, y2 in pixels, (N, 4).

    Returns:
        Features, level by level, (N, C, side, side), and the index of the
        box of each, (N,), int64.
    """
    layers = extractor.roi_layers
    sides = boxes[:, 2:] - boxes[:, :2]
    scale = sides.prod(1).sqrt() / extractor.finest_scale + 1e-6
    levels = torch.zeros_like(scale, dtype=torch.long)
    for level in range(1, len(layers)):
        levels = levels + (scale >= 2**level)
    features, order = [], []
    for level, layer in enumerate(layers):
        chosen = (levels == level).nonzero()[:, 0]
        rois = boxes[chosen]
        features.append(
            roi_align(
                maps[level],
                torch.cat([torch.zeros_like(rois[:, :1]), rois], 1),
                layer.output_size,
                layer.spatial_scale,
                layer.sampling_ratio,
                layer.aligned,
            )
        )
        order.append(chosen)
    return torch.cat(features), torch.cat(order)
