"""Time the two COCO evaluators against each other on random data."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from pycocotools import mask as mask_utils

from mmvision_ext.utils import tables

from .functional import (
    Detections,
    GroundTruth,
    ImageRecord,
    Kind,
    Rle,
    coco_average_precision,
)
from .functional.coco_ap import BACKENDS


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


@dataclass(frozen=True)
class Comparison:
    """One evaluation by both evaluators.

    Attributes:
        kind: 'bbox' or 'segm'.
        reference_seconds: Shortest wall time of pycocotools.
        faster_seconds: Shortest wall time of faster_coco_eval.
        difference: Largest difference of a class's average precision.
    """

    kind: Kind
    reference_seconds: float
    faster_seconds: float
    difference: float


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


def compare_evaluators(
    records: list[ImageRecord],
    num_classes: int,
    kind: Kind,
    repeats: int = 3,
    progress: Callable[[str], None] | None = None,
) -> Comparison:
    """Evaluate with each evaluator in turn.

    Args:
        records: One record per image.
        num_classes: Number of classes.
        kind: 'bbox' or 'segm'.
        repeats: How often; the shortest time counts, since other work on
            the machine can only lengthen it.
        progress: Called with a line of text before each evaluation.

    Returns:
        Both times and the largest difference.
    """
    names = [f'class {index}' for index in range(num_classes)]
    seconds = {backend: float('inf') for backend in BACKENDS}
    results: dict[str, np.ndarray] = {}
    for repeat in range(repeats):
        for backend in BACKENDS:
            if progress is not None:
                progress(
                    f'{kind}: {backend} on {len(records)} images, run '
                    f'{repeat + 1} of {repeats} ...'
                )
            start = time.perf_counter()
            result = coco_average_precision(records, names, kind, backend)
            elapsed = time.perf_counter() - start
            seconds[backend] = min(seconds[backend], elapsed)
            results[backend] = np.nan_to_num(
                np.concatenate([result.class_ap, result.class_ap50])
            )
    first, second = results.values()
    return Comparison(
        kind=kind,
        reference_seconds=seconds['pycocotools'],
        faster_seconds=seconds['faster_coco_eval'],
        difference=float(np.abs(first - second).max()),
    )


def markdown_table(comparisons: list[Comparison]) -> str:
    """Write comparisons as a Markdown table.

    Args:
        comparisons: The rows.

    Returns:
        The table, one line per comparison below the header.
    """
    header = (
        'kind',
        'pycocotools (s)',
        'faster-coco-eval (s)',
        'ratio',
        'largest difference of a class AP',
    )
    rows = [
        (
            row.kind,
            f'{row.reference_seconds:.2f}',
            f'{row.faster_seconds:.2f}',
            f'{row.reference_seconds / row.faster_seconds:.1f}',
            f'{row.difference:.1e}',
        )
        for row in comparisons
    ]
    return tables.markdown_table(header, rows)
