"""What one image contributes to an evaluation, as small picklable records."""

from dataclasses import dataclass
from typing import Literal, TypedDict

import numpy as np

Kind = Literal['bbox', 'segm']
KINDS: tuple[Kind, ...] = ('bbox', 'segm')


class Rle(TypedDict):
    """COCO run-length encoding of one mask.

    ``size`` is ``[height, width]`` in pixels, ``counts`` the compressed runs.
    """

    size: list[int]
    counts: bytes


@dataclass(frozen=True)
class GroundTruth:
    """Objects of one image, in pixels of the original image.

    Attributes:
        boxes: Shape (G, 4), ``[x1, y1, x2, y2]`` as 0-based pixel edges.
        labels: Class indices, shape (G,), integer.
        ignored: True where a detection of the object must neither be
            rewarded nor punished (VOC's ``difficult``), shape (G,), bool.
        masks: G run-length encodings, or None for boxes only.
        crowds: True where an ignored object stands for a group, in which any
            number of detections may lie (COCO's ``iscrowd``), shape (G,),
            bool; None where there is no such object.
    """

    boxes: np.ndarray
    labels: np.ndarray
    ignored: np.ndarray
    masks: list[Rle] | None = None
    crowds: np.ndarray | None = None


@dataclass(frozen=True)
class Detections:
    """Predicted objects of one image, in pixels of the original image.

    Attributes:
        boxes: Shape (D, 4), ``[x1, y1, x2, y2]`` as 0-based pixel edges.
        scores: Confidences, shape (D,), higher is more certain.
        labels: Class indices, shape (D,), integer.
        masks: D run-length encodings, or None for boxes only.
    """

    boxes: np.ndarray
    scores: np.ndarray
    labels: np.ndarray
    masks: list[Rle] | None = None


@dataclass(frozen=True)
class ImageRecord:
    """Ground truth and detections of one image.

    Attributes:
        img_id: The data set's own identifier of the image.
        height: Height of the original image in pixels.
        width: Width of the original image in pixels.
        truth: Its annotated objects.
        detections: Its predicted objects.
    """

    img_id: int | str
    height: int
    width: int
    truth: GroundTruth
    detections: Detections


def count_ground_truth(
    records: list[ImageRecord], num_classes: int
) -> np.ndarray:
    """Count the objects per class that an evaluation rewards finding.

    Args:
        records: One record per image.
        num_classes: Number of classes C.

    Returns:
        Number of objects that are not ignored, shape (C,), int64.
    """
    counts = np.zeros(num_classes, dtype=np.int64)
    for record in records:
        valid = record.truth.labels[~record.truth.ignored]
        counts += np.bincount(valid, minlength=num_classes)
    return counts
