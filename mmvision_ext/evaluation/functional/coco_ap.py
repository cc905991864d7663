"""Average precision as COCO defines it, on one of two evaluators."""

import contextlib
import io
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from .coco_overlaps import MAX_DETECTIONS, COCOOverlaps
from .overlaps import mask_areas
from .records import ImageRecord, Kind, count_ground_truth

Backend = Literal['faster_coco_eval', 'pycocotools']
BACKENDS: tuple[Backend, ...] = ('faster_coco_eval', 'pycocotools')


@dataclass(frozen=True)
class COCOResult:
    """COCO averages, each in [0, 1] and nan where nothing is to be found.

    Attributes:
        ap: Mean over the IoU thresholds 0.50, 0.55, ..., 0.95.
        ap50: At IoU 0.50.
        ap75: At IoU 0.75.
        ap_small: Objects below 32 x 32 pixels.
        ap_medium: Objects between 32 x 32 and 96 x 96 pixels.
        ap_large: Objects above 96 x 96 pixels.
        class_ap: ``ap`` of each class, shape (C,).
        class_ap50: ``ap50`` of each class, shape (C,).
        num_gt: Objects that are not ignored, shape (C,).
    """

    ap: float
    ap50: float
    ap75: float
    ap_small: float
    ap_medium: float
    ap_large: float
    class_ap: np.ndarray
    class_ap50: np.ndarray
    num_gt: np.ndarray


def _xywh(boxes: np.ndarray) -> list[list[float]]:
    """Turn corner boxes (N, 4) into COCO's ``[x, y, width, height]``."""
    corners = np.asarray(boxes, dtype=np.float64).reshape(-1, 4)
    return np.hstack(
        [corners[:, :2], corners[:, 2:] - corners[:, :2]]
    ).tolist()


def coco_ground_truth(
    records: list[ImageRecord], class_names: Sequence[str]
) -> dict[str, Any]:
    """Build the content of a COCO annotation file.

    Images are numbered 1, 2, ... in the order of the records, classes 1 to
    C. Ignored objects become ``iscrowd=1``; of these, single objects that
    stand for no group have ``crowd=0``, which
    :class:`~.coco_overlaps.COCOOverlaps` heeds.
    The area, which decides between small, medium and large, is that of the
    mask where there is one, as in COCO's own files, else that of the box.

    Args:
        records: One record per image.
        class_names: Names of the C classes.

    Returns:
        Keys ``images``, ``annotations`` and ``categories``.
    """
    annotations: list[dict[str, Any]] = []
    for image_id, record in enumerate(records, start=1):
        truth = record.truth
        boxes = _xywh(truth.boxes)
        areas = [width * height for _, _, width, height in boxes]
        crowds = np.zeros(len(boxes)) if truth.crowds is None else truth.crowds
        if truth.masks is not None:
            areas = [float(area) for area in mask_areas(truth.masks)]
        for index, box in enumerate(boxes):
            annotation: dict[str, Any] = dict(
                id=len(annotations) + 1,
                image_id=image_id,
                category_id=int(truth.labels[index]) + 1,
                bbox=box,
                area=areas[index],
                iscrowd=int(truth.ignored[index]),
                crowd=int(crowds[index]),
            )
            if truth.masks is not None:
                annotation['segmentation'] = dict(truth.masks[index])
            annotations.append(annotation)
    images = [
        dict(id=image_id, height=record.height, width=record.width)
        for image_id, record in enumerate(records, start=1)
    ]
    categories = [
        dict(id=index, name=name)
        for index, name in enumerate(class_names, start=1)
    ]
    return dict(images=images, annotations=annotations, categories=categories)


def coco_detections(
    records: list[ImageRecord], kind: Kind
) -> list[dict[str, Any]]:
    """Build the content of a COCO result file.

    A 'segm' result carries no box, so that both evaluators measure the area
    of the mask.

    Args:
        records: One record per image.
        kind: 'bbox' or 'segm'.

    Returns:
        One dict per detection: ``image_id``, ``category_id``, ``score`` and
        ``bbox`` or ``segmentation``.

    Raises:
        ValueError: If masks are asked for and a record has none.
    """
    results: list[dict[str, Any]] = []
    for image_id, record in enumerate(records, start=1):
        detections = record.detections
        shapes: list[Any]
        if kind == 'bbox':
            key, shapes = 'bbox', _xywh(detections.boxes)
        elif detections.masks is None or record.truth.masks is None:
            raise ValueError(
                f"kind='segm' needs masks, but image {record.img_id!r} has "
                "none: collect it with masks, or evaluate kind='bbox'."
            )
        else:
            key = 'segmentation'
            shapes = [dict(mask) for mask in detections.masks]
        for shape, label, score in zip(
            shapes, detections.labels, detections.scores, strict=True
        ):
            results.append(
                {
                    'image_id': image_id,
                    'category_id': int(label) + 1,
                    'score': float(score),
                    key: shape,
                }
            )
    return results


def _faster_evaluator(
    truth: dict[str, Any], results: list[dict[str, Any]], kind: Kind
) -> Any:
    """Build the evaluator of faster-coco-eval.

    It gets the areas and the overlaps of masks, so it evaluates masks as it
    does boxes, without a second and a third copy of every encoding.
    """
    import faster_coco_eval
    from faster_coco_eval.core import mask

    overlaps = COCOOverlaps(truth, results, kind, mask.iou)

    class Evaluator(faster_coco_eval.COCOeval_faster):
        def computeIoU(self, imgId: int, catId: int) -> np.ndarray:
            return overlaps(imgId, catId)

    log = logging.getLogger(__name__).debug
    data = faster_coco_eval.COCO(truth, print_function=log)
    measured = dict(truth, annotations=_with_areas(results, kind))
    found = faster_coco_eval.COCO(measured, print_function=log)
    return Evaluator(data, found, iouType='bbox', print_function=log)


def _with_areas(
    results: list[dict[str, Any]], kind: Kind
) -> list[dict[str, Any]]:
    """Make annotations of detections: what loading a result file adds."""
    areas: Iterable[float]
    if kind == 'segm':
        areas = mask_areas([entry['segmentation'] for entry in results])
    else:
        areas = (entry['bbox'][2] * entry['bbox'][3] for entry in results)
    return [
        dict(entry, id=index, area=float(area), iscrowd=0)
        for index, (entry, area) in enumerate(
            zip(results, areas, strict=True), start=1
        )
    ]


def _reference_evaluator(
    truth: dict[str, Any], results: list[dict[str, Any]], kind: Kind
) -> Any:
    """Build the evaluator of pycocotools."""
    from pycocotools import mask
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    overlaps = COCOOverlaps(truth, results, kind, mask.iou)

    class Evaluator(COCOeval):
        def computeIoU(self, imgId: int, catId: int) -> np.ndarray:
            return overlaps(imgId, catId)

    data, found = COCO(), COCO()
    data.dataset = truth
    data.createIndex()
    if results:
        found = data.loadRes(results)
    else:  # pycocotools cannot load an empty list
        found.dataset = dict(truth, annotations=[])
        found.createIndex()
    return Evaluator(data, found, kind)


def _precision(
    truth: dict[str, Any],
    results: list[dict[str, Any]],
    kind: Kind,
    backend: Backend,
) -> np.ndarray:
    """Run one evaluator.

    Args:
        truth: Content of an annotation file.
        results: Content of a result file.
        kind: 'bbox' or 'segm'.
        backend: Which evaluator.

    Returns:
        Precision at 10 IoU thresholds, 101 recalls, C classes, 4 area ranges
        (all, small, medium, large), shape (10, 101, C, 4); -1 where there
        is nothing to be found.
    """
    build = (
        _faster_evaluator
        if backend == 'faster_coco_eval'
        else _reference_evaluator
    )
    with contextlib.redirect_stdout(io.StringIO()):
        evaluator = build(truth, results, kind)
        evaluator.params.maxDets = [MAX_DETECTIONS]
        evaluator.evaluate()
        evaluator.accumulate()
    return np.asarray(evaluator.eval['precision'])[..., 0]


def _mean(precision: np.ndarray) -> float:
    """Mean of the entries that are defined, nan if there are none."""
    defined = precision[precision > -1]
    return float(defined.mean()) if defined.size else float('nan')


def coco_average_precision(
    records: list[ImageRecord],
    class_names: Sequence[str],
    kind: Kind = 'bbox',
    backend: Backend = 'faster_coco_eval',
) -> COCOResult:
    """Evaluate detections by the rules of COCO.

    At most 100 detections per image and class count. Averages leave out
    classes without ground truth. Detections of an ignored object count
    neither way. Without a single detection every average
    that is defined is 0.

    Args:
        records: One record per image.
        class_names: Names of the C classes.
        kind: 'bbox' or 'segm'.
        backend: 'faster_coco_eval' or 'pycocotools'; both give the same
            numbers.

    Returns:
        The averages, over all classes and per class.

    Raises:
        ValueError: If ``backend`` is unknown, or masks are missing.
    """
    if backend not in BACKENDS:
        raise ValueError(
            f'backend must be one of {BACKENDS}, got {backend!r}.'
        )
    truth = coco_ground_truth(records, class_names)
    results = coco_detections(records, kind)
    precision = _precision(truth, results, kind, backend)
    classes = range(len(class_names))
    return COCOResult(
        ap=_mean(precision[..., 0]),
        ap50=_mean(precision[0, ..., 0]),
        ap75=_mean(precision[5, ..., 0]),
        ap_small=_mean(precision[..., 1]),
        ap_medium=_mean(precision[..., 2]),
        ap_large=_mean(precision[..., 3]),
        class_ap=np.array([_mean(precision[:, :, k, 0]) for k in classes]),
        class_ap50=np.array([_mean(precision[0, :, k, 0]) for k in classes]),
        num_gt=count_ground_truth(records, len(class_names)),
    )
