"""Overlap of boxes and of run-length encoded masks."""

from collections.abc import Sequence

import numpy as np
from pycocotools import mask as mask_utils

from .records import ImageRecord, Kind, Rle

_MOST_AREAS = 255  # pycocotools writes their number into one byte


def box_iou(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Intersection over union of every pair of two sets of boxes.

    Boxes are continuous pixel edges, so a width is ``x2 - x1``. For VOC
    boxes, stored as ``[xmin - 1, ymin - 1, xmax, ymax]``, this equals the
    devkit's overlap of inclusive coordinates. Boxes without area overlap
    nothing.

    Args:
        boxes: Shape (N, 4), ``[x1, y1, x2, y2]`` in pixels.
        others: Shape (M, 4), ``[x1, y1, x2, y2]`` in pixels.

    Returns:
        Overlaps in [0, 1], shape (N, M), float64.
    """
    first = np.asarray(boxes, dtype=np.float64).reshape(-1, 1, 4)
    second = np.asarray(others, dtype=np.float64).reshape(1, -1, 4)
    top_left = np.maximum(first[..., :2], second[..., :2])
    bottom_right = np.minimum(first[..., 2:], second[..., 2:])
    intersection = np.clip(bottom_right - top_left, 0, None).prod(axis=-1)
    areas = [
        np.clip(side[..., 2:] - side[..., :2], 0, None).prod(axis=-1)
        for side in (first, second)
    ]
    union = areas[0] + areas[1] - intersection
    overlaps = np.zeros_like(intersection)
    np.divide(intersection, union, out=overlaps, where=union > 0)
    return overlaps


def mask_iou(masks: Sequence[Rle], others: Sequence[Rle]) -> np.ndarray:
    """Intersection over union of every pair of two sets of masks.

    Args:
        masks: N run-length encodings of one image.
        others: M run-length encodings of the same image.

    Returns:
        Overlaps in [0, 1], shape (N, M), float64. Empty masks overlap
        nothing.
    """
    if not masks or not others:
        return np.zeros((len(masks), len(others)))
    overlaps = mask_utils.iou(list(masks), list(others), [0] * len(others))
    return np.asarray(overlaps, dtype=np.float64)


def mask_areas(masks: Sequence[Rle]) -> np.ndarray:
    """Count the pixels of each mask.

    Args:
        masks: N run-length encodings.

    Returns:
        Areas in pixels, shape (N,), int64.
    """
    areas = np.zeros(len(masks), dtype=np.int64)
    for start in range(0, len(masks), _MOST_AREAS):
        part = slice(start, start + _MOST_AREAS)
        areas[part] = mask_utils.area(list(masks[part]))
    return areas


def record_iou(record: ImageRecord, kind: Kind) -> np.ndarray:
    """Overlap of every detection of an image with every object.

    Args:
        record: The image with D detections and G objects.
        kind: 'bbox' compares boxes, 'segm' masks.

    Returns:
        Overlaps in [0, 1], shape (D, G), float64.

    Raises:
        ValueError: If masks are asked for and the record has none.
    """
    truth, detections = record.truth, record.detections
    if kind == 'bbox':
        return box_iou(detections.boxes, truth.boxes)
    if truth.masks is None or detections.masks is None:
        side = 'ground truth' if truth.masks is None else 'detections'
        raise ValueError(
            f"kind='segm' needs masks, but the {side} of image "
            f'{record.img_id!r} have none: collect the record with masks, '
            "or evaluate kind='bbox'."
        )
    return mask_iou(detections.masks, truth.masks)
