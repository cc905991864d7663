"""Which detection finds which object."""

import numpy as np
from numpy.typing import NDArray

from .detection_confusion import match_own_class
from .overlaps import record_iou
from .records import ImageRecord


def match_objects(
    record: ImageRecord, iou_thr: float = 0.5
) -> NDArray[np.int64]:
    """Give each object of an image the detection that finds it.

    Detections choose in the order of their scores, of equal scores the first
    one; each takes the object of its own class that it overlaps most among
    those that are still free, if the overlap reaches the threshold.

    Args:
        record: The image with D detections and G objects.
        iou_thr: Smallest intersection over union of a match, in (0, 1].

    Returns:
        Index of the detection of each object, shape (G,); -1 where none
        finds it, and for ignored objects.
    """
    matches = np.full(len(record.truth.labels), -1, np.int64)
    overlaps = record_iou(record, 'bbox')
    for detection, index in match_own_class(record, overlaps, iou_thr).items():
        matches[index] = detection
    return matches
