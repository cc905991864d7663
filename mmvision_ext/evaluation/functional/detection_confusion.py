"""What a detector confuses, and what kind of error each detection is.

The kinds of error follow TIDE (Bolya et al., "TIDE: A General Toolbox for
Identifying Object Detection Errors", ECCV 2020), with its thresholds: 0.5 for
the right place and 0.1 for near it. TIDE's "both" (near an object of another
class) is counted as background here.
"""

from dataclasses import dataclass
from enum import Enum

import numpy as np

from .overlaps import record_iou
from .records import ImageRecord, Kind


class ErrorType(str, Enum):
    """Kind of one error.

    Attributes:
        MISSED: An object that no detection found, confused or mislocated.
        DUPLICATE: A further detection of an object that was found.
        CONFUSION: The right place of an object, with the wrong class.
        LOCALISATION: The right class, near an object but not on it.
        BACKGROUND: Anything else: no object of the class is near.
    """

    MISSED = 'missed'
    DUPLICATE = 'duplicate'
    CONFUSION = 'confusion'
    LOCALISATION = 'localisation'
    BACKGROUND = 'background'


@dataclass(frozen=True)
class DetectionError:
    """One error, with all that is needed to draw it.

    Attributes:
        type: Kind of error.
        img_id: The data set's identifier of the image.
        object_index: Index into ``record.truth`` of the object concerned,
            None for a background error.
        detection_index: Index into ``record.detections`` (the order of
            ``pred_instances``), None for a missed object.
        iou: Overlap of the two in [0, 1], 0 where one of them is None.
    """

    type: ErrorType
    img_id: int | str
    object_index: int | None
    detection_index: int | None
    iou: float


def _kept(record: ImageRecord, score_thr: float) -> np.ndarray:
    """Indices of the detections to be judged, by falling score."""
    scores = record.detections.scores
    order = np.argsort(-scores, kind='stable')
    return order[scores[order] >= score_thr]


def _on_ignored(
    overlaps: np.ndarray, ignored: np.ndarray, iou_thr: float
) -> np.ndarray:
    """Whether each detection covers an ignored object of any class.

    Args:
        overlaps: Shape (D, G).
        ignored: Shape (G,), bool.
        iou_thr: Smallest overlap.

    Returns:
        Shape (D,), bool.
    """
    return np.any(overlaps[:, ignored] >= iou_thr, axis=1)


def _match_any_class(
    record: ImageRecord, overlaps: np.ndarray, iou_thr: float, score_thr: float
) -> dict[int, int]:
    """As :func:`match_own_class`; those of the own class only go first."""
    truth, labels = record.truth, record.detections.labels
    free = ~truth.ignored
    matches: dict[int, int] = {}
    for detection in _kept(record, score_thr):
        candidates = free & (overlaps[detection] >= iou_thr)
        if candidates.any():
            same_class = truth.labels == labels[detection]
            rank = np.where(candidates, overlaps[detection] + same_class, -1)
            matches[int(detection)] = int(rank.argmax())
            free[rank.argmax()] = False
    return matches


def detection_confusion_matrix(
    records: list[ImageRecord],
    num_classes: int,
    kind: Kind = 'bbox',
    iou_thr: float = 0.5,
    score_thr: float = 0.3,
) -> np.ndarray:
    """Count which class objects are detected as.

    By falling score, each detection takes one object of its image that
    overlaps it by at least ``iou_thr`` and is still free: the best of its
    own class, else the best of any class. Detections left over count as
    background detected as their class, objects left over as their class
    detected as background. A detection left over on an ignored object is
    not counted.

    Args:
        records: One record per image.
        num_classes: Number of classes C.
        kind: 'bbox' or 'segm'.
        iou_thr: Smallest overlap of a match, in (0, 1].
        score_thr: Smallest score of a detection.

    Returns:
        Counts, shape (C + 1, C + 1), int64: row = true class, column =
        detected class, index C = background.
    """
    matrix = np.zeros((num_classes + 1, num_classes + 1), dtype=np.int64)
    for record in records:
        truth, labels = record.truth, record.detections.labels
        overlaps = record_iou(record, kind)
        matches = _match_any_class(record, overlaps, iou_thr, score_thr)
        skipped = _on_ignored(overlaps, truth.ignored, iou_thr)
        for detection, index in matches.items():
            matrix[truth.labels[index], labels[detection]] += 1
        for detection in _kept(record, score_thr):
            if int(detection) not in matches and not skipped[detection]:
                matrix[num_classes, labels[detection]] += 1
        missed = ~truth.ignored
        missed[list(matches.values())] = False
        np.add.at(matrix, (truth.labels[missed], num_classes), 1)
    return matrix


def match_own_class(
    record: ImageRecord,
    overlaps: np.ndarray,
    iou_thr: float,
    score_thr: float = -np.inf,
) -> dict[int, int]:
    """Give each detection, best score first, a free object of its own class.

    Args:
        record: The image with D detections and G objects.
        overlaps: Shape (D, G).
        iou_thr: Smallest overlap of a match.
        score_thr: Smallest score of a detection.

    Returns:
        Object index of each matched detection index; ignored objects are
        none.
    """
    same_class = (
        record.detections.labels[:, None] == record.truth.labels[None, :]
    )
    return _match_any_class(
        record, np.where(same_class, overlaps, -1.0), iou_thr, score_thr
    )


def _judge(
    detection: int,
    record: ImageRecord,
    overlaps: np.ndarray,
    iou_thr: float,
    near_thr: float,
) -> tuple[ErrorType, int | None]:
    """Say what is wrong with a detection that found nothing.

    Args:
        detection: Index of the detection.
        record: Its image, with G objects.
        overlaps: Its overlap with each object, shape (G,).
        iou_thr: Smallest overlap that is the right place. An object of the
            own class there has been found, or the detection had found it.
        near_thr: Smallest overlap that is near.

    Returns:
        Kind of error and index of the object concerned.
    """
    truth = record.truth
    same_class = truth.labels == record.detections.labels[detection]
    valid, place = ~truth.ignored, overlaps >= iou_thr
    for kind, candidates in (
        (ErrorType.DUPLICATE, valid & same_class & place),
        (ErrorType.CONFUSION, valid & ~same_class & place),
        (ErrorType.LOCALISATION, valid & same_class & (overlaps >= near_thr)),
    ):
        if candidates.any():
            return kind, int(np.where(candidates, overlaps, -1).argmax())
    return ErrorType.BACKGROUND, None


def detection_errors(
    records: list[ImageRecord],
    kind: Kind = 'bbox',
    iou_thr: float = 0.5,
    near_thr: float = 0.1,
    score_thr: float = 0.3,
) -> list[DetectionError]:
    """List every error of a detector.

    By falling score, each detection first takes the best free object of its
    own class that overlaps it by at least ``iou_thr``: those objects are
    found. Every other detection is one error: duplicate, confusion,
    localisation or background, the first of them that applies. Detections
    left over on an ignored object are not judged. An object is missed if it
    was not found and no confusion or localisation error names it, so each
    object is exactly one of found, confused, mislocated, missed.

    Args:
        records: One record per image.
        kind: 'bbox' or 'segm'.
        iou_thr: Smallest overlap that is the right place, in (0, 1].
        near_thr: Smallest overlap that is near, below ``iou_thr``.
        score_thr: Smallest score of a detection.

    Returns:
        The errors, image by image: detections by falling score, then missed
        objects.

    Raises:
        ValueError: If ``near_thr`` is not below ``iou_thr``.
    """
    if not 0 < near_thr < iou_thr <= 1:
        raise ValueError(
            'Thresholds must satisfy 0 < near_thr < iou_thr <= 1, got '
            f'near_thr={near_thr!r} and iou_thr={iou_thr!r}.'
        )
    errors: list[DetectionError] = []
    for record in records:
        overlaps = record_iou(record, kind)
        matches = match_own_class(record, overlaps, iou_thr, score_thr)
        skipped = _on_ignored(overlaps, record.truth.ignored, iou_thr)
        explained = record.truth.ignored.copy()
        explained[list(matches.values())] = True
        for detection in map(int, _kept(record, score_thr)):
            if detection in matches or skipped[detection]:
                continue
            error, index = _judge(
                detection, record, overlaps[detection], iou_thr, near_thr
            )
            iou = 0.0 if index is None else float(overlaps[detection, index])
            errors.append(
                DetectionError(error, record.img_id, index, detection, iou)
            )
            if index is not None:
                explained[index] = True
        errors.extend(
            DetectionError(
                ErrorType.MISSED, record.img_id, int(index), None, 0.0
            )
            for index in np.flatnonzero(~explained)
        )
    return errors
