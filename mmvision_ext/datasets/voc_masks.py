"""Instance masks of VOC (indexed PNG) and SBD (.mat), matched to boxes."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from pycocotools import mask as mask_utils
from scipy.io import loadmat
from scipy.optimize import linear_sum_assignment

from mmvision_ext.evaluation.functional.overlaps import box_iou

from .errors import AnnotationError

VOID = 255  # object border and unlabelled area in VOC's masks
BACKGROUND = 0

Rle = dict[str, list[int] | str]


@dataclass(frozen=True)
class InstanceMasks:
    """The objects that an instance mask file holds.

    Attributes:
        masks: One per object, bool, shape (M, H, W).
        boxes: Tight boxes, float64, shape (M, 4), ``[min_col, min_row,
            max_col + 1, max_row + 1]`` in pixels.
        class_ids: Class of each object, from 1; None where unknown.
    """

    masks: np.ndarray
    boxes: np.ndarray
    class_ids: tuple[int | None, ...]


def read_png_instances(
    object_path: Path, class_path: Path | None
) -> InstanceMasks:
    """Read VOC's masks.

    Args:
        object_path: File of ``SegmentationObject``: 0 background, 1 to 254
            objects, 255 void.
        class_path: File of ``SegmentationClass``: 0 background, from 1
            classes, 255 void. None where there is none.

    Returns:
        The objects in the order of their ids. An object's class is the one
        of most of its pixels.

    Raises:
        AnnotationError: If a file is not such an image.
    """
    ids = _read_indexed_png(object_path)
    classes = None
    if class_path is not None:
        classes = _read_indexed_png(class_path)
        if classes.shape != ids.shape:
            raise AnnotationError(
                f'{class_path}: expected the size of {object_path}, '
                f'{_size_text(ids)}, found {_size_text(classes)}'
            )
    masks, _ = _split(ids)
    class_ids = [
        None if classes is None else _majority_class(classes[mask])
        for mask in masks
    ]
    return InstanceMasks(masks, tight_boxes(masks), tuple(class_ids))


def read_sbd_instances(path: Path) -> InstanceMasks:
    """Read the masks of the Semantic Boundaries Dataset.

    Args:
        path: File of ``inst``: a struct ``GTinst`` with ``Segmentation``
            (H, W), 0 background and from 1 objects, and ``Categories``, one
            class from 1 for each object.

    Returns:
        The objects in the order of their ids.

    Raises:
        AnnotationError: If the file is not such a file.
    """
    try:
        struct = loadmat(path, variable_names=['GTinst'])['GTinst']
        ids = np.asarray(struct['Segmentation'].item())
        categories = np.asarray(struct['Categories'].item()).reshape(-1)
    except Exception as error:  # a garbled file makes scipy raise anything
        raise AnnotationError(
            f'{path}: expected a MATLAB file with a struct GTinst that has '
            f'Segmentation and Categories, found none ({error})'
        ) from error
    if ids.ndim != 2 or ids.dtype != np.uint8:
        raise AnnotationError(
            f'{path}: GTinst.Segmentation: expected a matrix of uint8, found '
            f'shape {ids.shape} of {ids.dtype}'
        )
    masks, used = _split(ids)
    if len(used) and used[-1] > len(categories):
        raise AnnotationError(
            f'{path}: GTinst.Segmentation has object {used[-1]}, but '
            f'GTinst.Categories only {len(categories)} entries'
        )
    class_ids = tuple(int(categories[index - 1]) for index in used)
    return InstanceMasks(masks, tight_boxes(masks), class_ids)


def tight_boxes(masks: np.ndarray) -> np.ndarray:
    """Smallest boxes around masks.

    Args:
        masks: Bool, shape (M, H, W), each with at least one pixel.

    Returns:
        ``[min_col, min_row, max_col + 1, max_row + 1]`` in pixels, float64,
        shape (M, 4).
    """
    boxes = np.zeros((len(masks), 4))
    for box, mask in zip(boxes, masks, strict=True):
        rows = np.flatnonzero(mask.any(axis=1))
        cols = np.flatnonzero(mask.any(axis=0))
        box[:] = cols[0], rows[0], cols[-1] + 1, rows[-1] + 1
    return boxes


def match_masks(
    boxes: np.ndarray,
    labels: Sequence[str | None],
    mask_boxes: np.ndarray,
    mask_labels: Sequence[str | None],
    min_iou: float = 0.5,
) -> np.ndarray:
    """Give each annotated box the mask that is meant.

    The one-to-one assignment with the largest sum of overlaps, among pairs of
    the same class that overlap enough.

    Args:
        boxes: Annotated boxes, shape (N, 4), ``[x1, y1, x2, y2]`` in pixels.
        labels: N class names; None agrees with every class.
        mask_boxes: Tight boxes of the masks, shape (M, 4), likewise.
        mask_labels: M class names; None agrees with every class.
        min_iou: Least overlap of a pair, in (0, 1].

    Returns:
        For each box the index of its mask, -1 without one, shape (N,).
    """
    overlaps = box_iou(boxes, mask_boxes)
    for row, label in enumerate(labels):
        for col, mask_label in enumerate(mask_labels):
            if None not in (label, mask_label) and label != mask_label:
                overlaps[row, col] = 0
    overlaps[overlaps < min_iou] = 0
    matches = np.full(len(boxes), -1)
    rows, cols = linear_sum_assignment(overlaps, maximize=True)
    found = overlaps[rows, cols] > 0
    matches[rows[found]] = cols[found]
    return matches


def encode_masks(masks: np.ndarray) -> list[Rle]:
    """Encode masks as COCO does.

    Args:
        masks: Bool, shape (M, H, W).

    Returns:
        M run-length encodings, ``counts`` as text, ready for JSON.
    """
    stacked = np.asfortranarray(masks.transpose(1, 2, 0).astype(np.uint8))
    return [_as_text(rle) for rle in mask_utils.encode(stacked)]


def encode_box(bbox: Sequence[float], size: tuple[int, int]) -> Rle:
    """Encode a filled box, for objects whose outline is not known.

    Args:
        bbox: ``(x1, y1, x2, y2)``, pixel edges.
        size: Image (width, height) in pixels.

    Returns:
        The run-length encoding of the pixels in the box.
    """
    x1, y1, x2, y2 = bbox
    width, height = size
    box = np.array([[x1, y1, x2 - x1, y2 - y1]], dtype=np.float64)
    return _as_text(mask_utils.frPyObjects(box, height, width)[0])


def _as_text(rle: dict) -> Rle:
    """An encoding of pycocotools with ``counts`` as text, for JSON."""
    return {
        'size': [int(side) for side in rle['size']],
        'counts': rle['counts'].decode('ascii'),
    }


def _read_indexed_png(path: Path) -> np.ndarray:
    """Pixel values of an indexed or greyscale image, uint8, shape (H, W)."""
    try:
        with Image.open(path) as image:
            mode, values = image.mode, np.array(image)
    except (OSError, SyntaxError, ValueError) as error:
        raise AnnotationError(
            f'{path}: expected a mask image, found something unreadable '
            f'({error})'
        ) from error
    if mode not in ('P', 'L'):
        raise AnnotationError(
            f'{path}: expected an indexed or 8-bit greyscale image whose '
            f'values are ids, found colour mode {mode}'
        )
    return values


def _split(ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Masks, bool, shape (M, H, W), and their ids, shape (M,)."""
    counts = np.bincount(ids.reshape(-1), minlength=VOID + 1)
    counts[[BACKGROUND, VOID]] = 0
    used = np.flatnonzero(counts)
    return ids[None] == used[:, None, None], used


def _majority_class(values: np.ndarray) -> int | None:
    """Most frequent class id of an object's pixels, shape (P,)."""
    counts = np.bincount(values, minlength=VOID + 1)
    counts[[BACKGROUND, VOID]] = 0
    return int(counts.argmax()) if counts.any() else None


def _size_text(values: np.ndarray) -> str:
    """Width and height of an array of shape (H, W)."""
    return f'{values.shape[1]}x{values.shape[0]}'
