"""Average precision as PASCAL VOC defines it, for boxes and for masks."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from .overlaps import record_iou
from .records import ImageRecord, Kind, count_ground_truth

Mode = Literal['area', '11points']
MODES: tuple[Mode, ...] = ('area', '11points')


@dataclass(frozen=True)
class VOCResult:
    """Average precision of every class.

    Attributes:
        ap: Average precision in [0, 1], shape (C,); nan for a class without
            ground truth.
        num_gt: Objects that are not ignored, shape (C,).
        mean_ap: Mean over the classes that have ground truth, nan if none.
    """

    ap: np.ndarray
    num_gt: np.ndarray

    @property
    def mean_ap(self) -> float:
        """Mean over the classes that have ground truth, nan if none."""
        present = self.ap[self.num_gt > 0]
        return float(present.mean()) if present.size else float('nan')


@dataclass(frozen=True)
class _Matches:
    """All detections of a data set, each with its assigned object.

    Attributes:
        labels: Class of each detection, shape (D,).
        scores: Confidence of each detection, shape (D,).
        objects: Running number of the assigned object over the whole data
            set, -1 for none, shape (D,).
        ignored: True where the assigned object is ignored, shape (D,).
    """

    labels: np.ndarray
    scores: np.ndarray
    objects: np.ndarray
    ignored: np.ndarray


def _assign(
    record: ImageRecord, kind: Kind, iou_thr: float
) -> tuple[np.ndarray, np.ndarray]:
    """Assign each detection to the object of its class that it covers best.

    Args:
        record: The image with D detections and G objects.
        kind: 'bbox' or 'segm'.
        iou_thr: Smallest overlap of an assignment.

    Returns:
        Index of the assigned object or -1, and whether that object is
        ignored, both of shape (D,).
    """
    truth, labels = record.truth, record.detections.labels
    if not labels.size or not truth.labels.size:
        none = np.full(labels.shape, -1, dtype=np.int64)
        return none, np.zeros(labels.shape, dtype=bool)
    overlaps = record_iou(record, kind)
    overlaps[labels[:, None] != truth.labels[None, :]] = -1
    best = overlaps.argmax(axis=1)
    found = overlaps[np.arange(len(best)), best] >= iou_thr
    return np.where(found, best, -1), found & truth.ignored[best]


def _collect_matches(
    records: list[ImageRecord], kind: Kind, iou_thr: float
) -> _Matches:
    """Assign the detections of all images, D in total."""
    labels, scores, objects, ignored = [], [], [], []
    offset = 0
    for record in records:
        index, skip = _assign(record, kind, iou_thr)
        labels.append(record.detections.labels)
        scores.append(record.detections.scores)
        objects.append(np.where(index >= 0, index + offset, -1))
        ignored.append(skip)
        offset += len(record.truth.labels)
    return _Matches(
        *(
            np.concatenate(parts) if parts else np.zeros(0)
            for parts in (labels, scores, objects, ignored)
        )
    )


def average_precision(
    true_positive: np.ndarray, num_gt: int, mode: Mode = 'area'
) -> float:
    """Average precision of one ranked list.

    'area' is the area under the precision envelope at every recall (VOC
    from 2010 on); '11points' the mean of the envelope at the recalls 0, 0.1,
    ..., 1 (VOC 2007). Recalls are compared as whole numbers, so that 3 of 10
    objects reach the recall 0.3; code that compares floating-point numbers
    may miss that point.

    Args:
        true_positive: True for a hit, False for a false alarm, by falling
            score, shape (D,), bool. Detections of ignored objects are left
            out beforehand.
        num_gt: Number of objects to be found.
        mode: 'area' or '11points'.

    Returns:
        Average precision in [0, 1]; nan if there is nothing to be found.
    """
    if num_gt == 0:
        return float('nan')
    hits = np.cumsum(true_positive, dtype=np.int64)
    precision = hits / np.arange(1, len(hits) + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    if mode == 'area':
        return float(envelope[true_positive].sum() / num_gt)
    first = np.searchsorted(hits * 10, np.arange(11) * num_gt)
    return float(np.append(envelope, 0.0)[first].sum() / 11)


def voc_average_precision(
    records: list[ImageRecord],
    num_classes: int,
    kind: Kind = 'bbox',
    iou_thr: float = 0.5,
    mode: Mode = 'area',
) -> VOCResult:
    """Evaluate detections by the rules of the PASCAL VOC devkit.

    Each detection is assigned to the object of its image and class that it
    overlaps most. If that overlap reaches ``iou_thr``, the best-scored
    detection of the object is a true positive and every other one a false
    positive; detections of an ignored object count neither way. Detections
    of equal score keep the order of the records.

    Args:
        records: One record per image.
        num_classes: Number of classes C.
        kind: 'bbox' or 'segm'.
        iou_thr: Smallest overlap of a hit, in (0, 1].
        mode: 'area' or '11points', see :func:`average_precision`.

    Returns:
        Average precision and object count per class.

    Raises:
        ValueError: If ``mode`` is unknown, or masks are missing.
    """
    if mode not in MODES:
        raise ValueError(f'mode must be one of {MODES}, got {mode!r}.')
    matches = _collect_matches(records, kind, iou_thr)
    num_gt = count_ground_truth(records, num_classes)
    order = np.argsort(-matches.scores, kind='stable')
    order = order[~matches.ignored[order].astype(bool)]
    labels, objects = matches.labels[order], matches.objects[order]
    first_hit = np.zeros(len(order), dtype=bool)
    first_hit[np.unique(objects, return_index=True)[1]] = True
    hit = first_hit & (objects >= 0)
    ap = np.array(
        [
            average_precision(hit[labels == label], int(num_gt[label]), mode)
            for label in range(num_classes)
        ]
    )
    return VOCResult(ap=ap, num_gt=num_gt)
