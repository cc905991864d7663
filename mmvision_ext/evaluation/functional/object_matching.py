"""Which detection finds which object."""

import numpy as np
from numpy.typing import NDArray

from .overlaps import box_iou
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
    truth, detections = record.truth, record.detections
    matches = np.full(len(truth.labels), -1, np.int64)
    if not len(matches):
        return matches
    overlaps = box_iou(detections.boxes, truth.boxes)
    overlaps[detections.labels[:, None] != truth.labels] = 0
    overlaps[:, truth.ignored] = 0
    for index in np.argsort(-detections.scores, kind='stable'):
        best = overlaps[index].argmax()
        if overlaps[index, best] >= iou_thr:
            matches[best] = index
            overlaps[:, best] = 0  # no longer free
    return matches
