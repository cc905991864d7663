"""Random and hand-made evaluation records."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from pycocotools import mask as mask_utils

from mmvision_ext.evaluation.functional import (
    Detections,
    GroundTruth,
    ImageRecord,
)

HEIGHT, WIDTH = 72, 96
NUM_CLASSES = 4


def ellipse_masks(boxes: np.ndarray) -> np.ndarray:
    """Fill the ellipse inside each box (N, 4): bool, shape (N, H, W)."""
    rows, cols = np.mgrid[:HEIGHT, :WIDTH] + 0.5
    masks = np.zeros((len(boxes), HEIGHT, WIDTH), dtype=bool)
    for mask, (x1, y1, x2, y2) in zip(masks, boxes, strict=True):
        across = (cols - (x1 + x2) / 2) / max(x2 - x1, 1e-6)
        down = (rows - (y1 + y2) / 2) / max(y2 - y1, 1e-6)
        mask[:] = across**2 + down**2 <= 0.25
    return masks


def encode(masks: np.ndarray) -> list[dict]:
    """Run-length encode masks of shape (N, H, W)."""
    return [mask_utils.encode(np.asfortranarray(m, np.uint8)) for m in masks]


@pytest.fixture
def make_record() -> Callable[..., ImageRecord]:
    """Build a record from plain lists, with elliptic masks in the boxes."""

    def build(
        gt: Sequence[tuple] = (), found: Sequence[tuple] = (), img_id: int = 0
    ) -> ImageRecord:
        """Each of gt: (box, label[, ignored]); found: (box, label, score).

        ``ignored`` is a bool, or 'crowd' for a group of objects.
        """
        gt_boxes = np.array([g[0] for g in gt], np.float32).reshape(-1, 4)
        boxes = np.array([d[0] for d in found], np.float32).reshape(-1, 4)
        return ImageRecord(
            img_id=img_id,
            height=HEIGHT,
            width=WIDTH,
            truth=GroundTruth(
                boxes=gt_boxes,
                labels=np.array([g[1] for g in gt], np.int64),
                ignored=np.array(
                    [len(g) > 2 and bool(g[2]) for g in gt], bool
                ),
                masks=encode(ellipse_masks(gt_boxes)),
                crowds=np.array([g[-1] == 'crowd' for g in gt], bool),
            ),
            detections=Detections(
                boxes=boxes,
                scores=np.array([d[2] for d in found], np.float32),
                labels=np.array([d[1] for d in found], np.int64),
                masks=encode(ellipse_masks(boxes)),
            ),
        )

    return build


def _random_boxes(rng: np.random.Generator, count: int) -> np.ndarray:
    corner = rng.uniform(0, (WIDTH - 20, HEIGHT - 20), (count, 2))
    size = rng.uniform(8, 60, (count, 2))
    return np.hstack([corner, np.minimum(corner + size, (WIDTH, HEIGHT))])


@pytest.fixture
def random_records(
    make_record: Callable[..., ImageRecord],
) -> Callable[..., list[ImageRecord]]:
    """Build images with hits, near misses, repeats, ties and strays.

    Some images lack objects, some lack detections; about a fifth of the
    objects is ignored, and with ``crowds='all'`` or ``'some'`` these or half
    of these are crowds; predicted masks deviate from predicted boxes. The
    last class has no ground truth.
    """

    def build(
        num_images: int = 30,
        seed: int = 0,
        ties: bool = True,
        crowds: str = 'none',
    ) -> list[ImageRecord]:
        rng = np.random.default_rng(seed)
        records = []
        for img_id in range(num_images):
            objects = _random_boxes(rng, rng.integers(0, 5))
            labels = rng.integers(0, NUM_CLASSES - 1, len(objects))
            draw = rng.random(len(objects))
            share = dict(none=0, some=0.1, all=0.2)[crowds]
            marks = np.where(draw < share, 'crowd', '')
            ignored = [
                mark or bool(value < 0.2)
                for mark, value in zip(marks.tolist(), draw, strict=True)
            ]
            copies = rng.integers(0, 3, len(objects))
            near = np.repeat(objects, copies, axis=0)
            near = near + rng.normal(0, 2.5, near.shape)
            near[:, 2:] = np.maximum(near[:, 2:], near[:, :2] + 1)
            strays = _random_boxes(rng, rng.integers(0, 4))
            boxes = np.concatenate([near, strays])
            kinds = rng.integers(0, NUM_CLASSES, len(boxes))
            right = rng.random(len(near)) < 0.7
            kinds[: len(near)] = np.where(
                right, np.repeat(labels, copies), kinds[: len(near)]
            )
            scores = rng.random(len(boxes))
            scores = scores.round(1) if ties else scores
            record = make_record(
                list(zip(objects, labels, ignored, strict=True)),
                list(zip(boxes, kinds, scores, strict=True)),
                img_id,
            )
            outlines = ellipse_masks(boxes + rng.normal(0, 1.5, boxes.shape))
            records.append(
                replace(
                    record,
                    detections=replace(
                        record.detections, masks=encode(outlines)
                    ),
                )
            )
        return records

    return build
