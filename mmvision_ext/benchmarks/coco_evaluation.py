"""COCO evaluation against pycocotools, on random boxes and masks."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from pycocotools import mask as mask_utils

from mmvision_ext.evaluation.functional import (
    Detections,
    GroundTruth,
    ImageRecord,
    Kind,
    Rle,
    coco_average_precision,
)
from mmvision_ext.evaluation.functional.coco_ap import BACKENDS, COCOResult
from mmvision_ext.evaluation.functional.records import KINDS

from .row import BenchmarkRow
from .timing import processor_seconds


@dataclass(frozen=True)
class DataSize:
    """How much random data an evaluation gets.

    Attributes:
        images: Number of images.
        classes: Number of classes.
        objects: Annotated objects per image.
        detections: Predicted objects per image, at least ``objects``.
        height: Height of an image in pixels.
        width: Width of an image in pixels.
    """

    images: int = 1000
    classes: int = 20
    objects: int = 3
    detections: int = 50
    height: int = 375
    width: int = 500


# As many images, classes and objects as a VOC validation set has; classes and
# objects of COCO.
_SIZES = (
    DataSize(),
    DataSize(images=500, classes=80, objects=7, detections=100),
)
_QUICK = (DataSize(images=20, detections=20),)


def run(quick: bool) -> list[BenchmarkRow]:
    """Evaluate with both evaluators, building the COCO dicts included.

    Args:
        quick: Whether to take few images, once.

    Returns:
        A row a size and kind.
    """
    return [
        compare_evaluators(size, kind, repeats=1 if quick else 3)
        for size in (_QUICK if quick else _SIZES)
        for kind in KINDS
    ]


def compare_evaluators(
    size: DataSize, kind: Kind, repeats: int
) -> BenchmarkRow:
    """Evaluate with each evaluator in turn.

    Args:
        size: How much data to make.
        kind: 'bbox' or 'segm'.
        repeats: How often; the shortest time counts.

    Returns:
        Both times and the largest difference.
    """
    records = random_records(size, with_masks=kind == 'segm')
    names = [f'class {index}' for index in range(size.classes)]
    calls: dict[str, Callable[[], COCOResult]] = {
        backend: partial(coco_average_precision, records, names, kind, backend)
        for backend in BACKENDS
    }
    ours, peer = (_values(call()) for call in calls.values())
    title = f'COCO, {kind}'
    seconds = processor_seconds(calls, repeats, title, warm_up=0)
    return BenchmarkRow(
        what=f'{kind}, {size.images} images of {size.classes} classes, '
        f'{size.detections} detections each',
        ours=seconds['faster_coco_eval'],
        peer_name='pycocotools',
        peer=seconds['pycocotools'],
        unit='s',
        aim='5x',
        difference=f'AP of a class to {np.abs(ours - peer).max():.1e}',
    )


def _values(result: COCOResult) -> np.ndarray:
    """AP and AP50 of all classes, (2 C,); 0 where undefined."""
    values = np.concatenate([result.class_ap, result.class_ap50])
    return np.nan_to_num(values)


def random_records(
    size: DataSize, with_masks: bool, seed: int = 0
) -> list[ImageRecord]:
    """Make images whose detections are objects shifted at random.

    Args:
        size: How much to make.
        with_masks: Whether objects and detections get elliptic masks.
        seed: The same seed gives the same records.

    Returns:
        One record per image.

    Raises:
        ValueError: If there are fewer detections than objects.
    """
    if size.detections < size.objects:
        raise ValueError(
            f'detections={size.detections} must be at least '
            f'objects={size.objects}.'
        )
    rng = np.random.default_rng(seed)
    extent = np.array([size.width, size.height])
    records = []
    for img_id in range(size.images):
        corner = rng.uniform(0, 0.6, (size.objects, 2)) * extent
        side = rng.uniform(0.1, 0.4, (size.objects, 2)) * extent
        boxes = np.hstack([corner, corner + side])
        labels = rng.integers(0, size.classes, size.objects)
        source = np.arange(size.detections) % size.objects
        shift = rng.normal(0, 0.05, (size.detections, 2)) * extent
        found = boxes[source] + np.hstack([shift, shift])
        guess = rng.integers(0, size.classes, size.detections)
        right = rng.random(size.detections) < 0.7
        records.append(
            ImageRecord(
                img_id=img_id,
                height=size.height,
                width=size.width,
                truth=GroundTruth(
                    boxes=boxes,
                    labels=labels,
                    ignored=rng.random(size.objects) < 0.1,
                    masks=_ellipses(boxes, size) if with_masks else None,
                ),
                detections=Detections(
                    boxes=found,
                    scores=rng.random(size.detections),
                    labels=np.where(right, labels[source], guess),
                    masks=_ellipses(found, size) if with_masks else None,
                ),
            )
        )
    return records


def _ellipses(boxes: np.ndarray, size: DataSize) -> list[Rle]:
    """Encode the ellipse inside each box, boxes of shape (N, 4)."""
    cols, rows = np.arange(size.width), np.arange(size.height)
    masks = []
    for x1, y1, x2, y2 in boxes:
        across = ((cols + 0.5 - (x1 + x2) / 2) / (x2 - x1)) ** 2
        down = ((rows + 0.5 - (y1 + y2) / 2) / (y2 - y1)) ** 2
        inside = across[:, None] + down[None, :] <= 0.25
        masks.append(mask_utils.encode(inside.view(np.uint8).T))
    return masks
