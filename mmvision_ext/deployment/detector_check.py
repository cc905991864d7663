"""How far an exported detector is from PyTorch, detection by detection."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.config import Config
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from mmvision_ext.apis.exported_model import load_exported
from mmvision_ext.apis.inferencer import array_pipeline, predict_arrays
from mmvision_ext.apis.model import Detector
from mmvision_ext.apis.results import DetectionResult, to_result
from mmvision_ext.apis.sources import ImageInput, list_sources
from mmvision_ext.utils import InputError

from .images import build_dataset

COUNT, LOOKED_AT = 4, 50  # of the test set
_OTHER_CLASS = 1e9  # pixels, as far away as no box is


@dataclass(frozen=True)
class DetectionRow:
    """How far an ONNX file is from PyTorch for one image.

    Attributes:
        image: Name of the image.
        width: Its width in pixels.
        height: Its height in pixels.
        expected: Number of detections of PyTorch.
        found: Number of detections of the file.
        max_pixels: Largest difference of a coordinate, in pixels of the
            image, over detections of both.
        max_score: Largest difference of a score.
        min_mask_iou: Smallest overlap of two masks of the same detection; 1
            where there is none.
    """

    image: str
    width: int
    height: int
    expected: int
    found: int
    max_pixels: float
    max_score: float
    min_mask_iou: float


@dataclass(frozen=True)
class Tolerance:
    """How far an export may be from PyTorch.

    Attributes:
        pixels: Of a coordinate.
        score: Of a score.
        mask_iou: Overlap that two masks have at least.
    """

    pixels: float = 0.05
    score: float = 1e-4
    mask_iou: float = 0.99


def check_detector(
    model: Detector,
    path: str | Path,
    images: ImageInput | Sequence[ImageInput],
) -> list[DetectionRow]:
    """Compare an ONNX file with the model that it was made from.

    The reference is ``model.test_step``, mmdet's own way from pixels to
    detections.

    Args:
        model: A detector on the CPU in evaluation mode.
        path: The ONNX file, with metadata.
        images: Images.

    Returns:
        One row an image.

    Raises:
        InputError: An image cannot be read, or ONNX Runtime cannot load the
            file.
    """
    exported = load_exported(path, 'detection')
    ways = [(part, array_pipeline(part.cfg)) for part in (model, exported)]
    rows = []
    for source in list_sources(images):
        pixels = source.read()
        expected, found = (
            to_result(
                predict_arrays(part, pipeline, [pixels])[0],
                source,
                part.dataset_meta,
            )
            for part, pipeline in ways
        )
        rows.append(compare_results(expected, found))
    return rows


def compare_results(
    expected: DetectionResult, found: DetectionResult
) -> DetectionRow:
    """Compare detections of an image, whatever their order.

    Args:
        expected: Detections of PyTorch.
        found: Those of the file.

    Returns:
        The row.
    """
    distance = _distances(expected, found)
    ours, theirs = linear_sum_assignment(distance)
    pairs = distance[ours, theirs] < _OTHER_CLASS
    ours, theirs = ours[pairs], theirs[pairs]
    scores = np.abs(expected.scores[ours] - found.scores[theirs])
    first, second = expected.mask_array(), found.mask_array()
    overlaps = np.ones(0)
    if first is not None and second is not None:
        first, second = first[ours], second[theirs]
        union = (first | second).sum((1, 2))
        overlaps = (first & second).sum((1, 2)) / np.maximum(union, 1)
        overlaps[union == 0] = 1
    return DetectionRow(
        expected.source.name,
        expected.width,
        expected.height,
        len(expected),
        len(found) if pairs.all() else len(ours),
        float(distance[ours, theirs].max(initial=0)),
        float(scores.max(initial=0)),
        float(overlaps.min(initial=1)),
    )


def require_same(rows: Sequence[DetectionRow], tolerance: Tolerance) -> None:
    """Refuse an export that is too far from PyTorch.

    Args:
        rows: What :func:`check_detector` found.
        tolerance: What is allowed.

    Raises:
        InputError: A difference is larger, or not a number; or there are
            more or fewer detections, or none at all.
    """
    if not sum(row.expected for row in rows):
        raise InputError(
            f'export: expected detections of PyTorch in {len(rows)} images, '
            'found none, so that there are no detections to compare: give '
            '--images, a trained checkpoint, or a lower score_thr.'
        )
    for row in rows:
        # Written so that NaN fails.
        if (
            row.found == row.expected
            and row.max_pixels <= tolerance.pixels
            and row.max_score <= tolerance.score
            and row.min_mask_iou >= tolerance.mask_iou
        ):
            continue
        raise InputError(
            f'export: expected the {row.expected} detections of PyTorch in '
            f'{row.image} within {tolerance.pixels:g} pixels, '
            f'{tolerance.score:g} of the score and a mask IoU of '
            f'{tolerance.mask_iou:g}, found {row.found} within '
            f'{row.max_pixels:.3g}, {row.max_score:.3g} and '
            f'{row.min_mask_iou:.4g}. The file does not compute what the '
            'checkpoint does: export it again.'
        )


def pick_images(config: Config) -> list[str]:
    """Some images of the test set whose shapes differ most.

    Args:
        config: A detection config.

    Returns:
        Files, at most four, from the widest to the highest.

    Raises:
        InputError: The dataset is not there or empty.
    """
    dataset = build_dataset(config, 'test')
    count = min(LOOKED_AT, len(dataset))
    entries = [dataset.get_data_info(index) for index in range(count)]
    entries.sort(key=lambda entry: entry['height'] / entry['width'])
    places = np.linspace(0, count - 1, min(COUNT, count)).astype(int)
    return [entries[place]['img_path'] for place in places]


def with_other_shape(
    images: ImageInput | Sequence[ImageInput],
) -> list[ImageInput]:
    """Images of at least two shapes.

    Args:
        images: Images.

    Returns:
        They; where all have one shape, with a part of the first, of another
        ratio of sides.

    Raises:
        InputError: An image cannot be read.
    """
    several = isinstance(images, Sequence) and not isinstance(images, str)
    given: list[Any] = list(images) if several else [images]  # type: ignore[arg-type]
    pixels = [source.read() for source in list_sources(images)]
    if len({image.shape for image in pixels}) > 1:
        return given
    height, width = pixels[0].shape[:2]
    part = pixels[0][: max(height * 3 // 4, 1), : max(width // 2, 1)]
    return [*given, np.ascontiguousarray(part)]


def _distances(
    expected: DetectionResult, found: DetectionResult
) -> NDArray[np.float64]:
    """Largest difference of a coordinate for each two, (E, F)."""
    boxes = expected.boxes[:, None].astype(float) - found.boxes[None]
    distances = np.abs(boxes).max(2, initial=0)
    distances[expected.labels[:, None] != found.labels[None]] = _OTHER_CLASS
    return np.nan_to_num(distances, nan=_OTHER_CLASS)
