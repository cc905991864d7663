"""Crops of objects out of an image that is decoded once."""

from collections.abc import Sequence

import mmcv
import numpy as np
from numpy.typing import NDArray

from .errors import AnnotationError

#: Pixels by which a box may stick out of its image.
TOLERANCE = 1.0

Box = tuple[float, float, float, float]


def fit_box(box: Sequence[float], width: int, height: int, place: str) -> Box:
    """Check that a box lies in its image, and clip it to the image.

    Args:
        box: x1, y1, x2, y2 in pixels: continuous edges from 0.
        width: Width of the image in pixels.
        height: Height of the image in pixels.
        place: File and object, for the message.

    Returns:
        The box, clipped by at most a pixel.

    Raises:
        AnnotationError: If the box is empty, is no box, or sticks out of the
            image by more than a pixel.
    """
    x1, y1, x2, y2 = (float(value) for value in box)
    if not (x1 < x2 and y1 < y2):  # also where one is NaN
        raise AnnotationError(
            f'{place}: expected a box with x1 < x2 and y1 < y2, found '
            f'{x1:g}, {y1:g}, {x2:g}, {y2:g}'
        )
    if max(-x1, -y1, x2 - width, y2 - height) > TOLERANCE:
        raise AnnotationError(
            f'{place}: expected a box in its image of {width} x {height} '
            f'px, found {x1:g}, {y1:g}, {x2:g}, {y2:g}; mend the box, or '
            'check that it is the right image'
        )
    found = max(x1, 0.0), max(y1, 0.0), min(x2, width), min(y2, height)
    if not (found[0] < found[2] and found[1] < found[3]):
        raise AnnotationError(
            f'{place}: expected a box in its image of {width} x {height} '
            f'px, found one beside it: {x1:g}, {y1:g}, {x2:g}, {y2:g}'
        )
    return found


def context_box(box: Box, size: int, padding: int, square: bool) -> Box:
    """Widen a box so that its crop shows what is around the object.

    Args:
        box: x1, y1, x2, y2 in pixels.
        size: Side of the crop in pixels.
        padding: Pixels of the crop on every side that are context.
        square: Whether both sides become as long as the longer one.

    Returns:
        The wider box, about the same centre; it may leave the image.
    """
    x1, y1, x2, y2 = box
    scale = size / (size - 2 * padding)
    width, height = (x2 - x1) * scale, (y2 - y1) * scale
    if square:
        width = height = max(width, height)
    x, y = (x1 + x2) / 2, (y1 + y2) / 2
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


def crop_resized(
    image: NDArray[np.uint8],
    box: Box,
    size: int,
    fill: Sequence[int] | None = None,
) -> NDArray[np.uint8]:
    """Cut a box out of an image and resize it.

    Args:
        image: uint8 (H, W, 3).
        box: x1, y1, x2, y2 in pixels; its edges are moved outwards to whole
            pixels.
        size: Side of the result in pixels.
        fill: Colour of what lies outside the image, three values in the
            image's channel order. None clips the box to the image, which
            changes the aspect ratio at its border.

    Returns:
        uint8 (size, size, 3), not sharing memory with ``image``.
    """
    height, width = image.shape[:2]
    x1, y1 = (int(np.floor(value)) for value in box[:2])
    x2, y2 = (int(np.ceil(value)) for value in box[2:])
    left, top = max(x1, 0), max(y1, 0)
    right, bottom = min(x2, width), min(y2, height)
    region = image[top:bottom, left:right]
    if fill is not None and region.shape[:2] != (y2 - y1, x2 - x1):
        canvas = np.empty((y2 - y1, x2 - x1, 3), np.uint8)
        canvas[:] = fill
        canvas[top - y1 : bottom - y1, left - x1 : right - x1] = region
        region = canvas
    shrinks = min(region.shape[:2]) >= size
    return mmcv.imresize(
        region,
        (size, size),
        interpolation='area' if shrinks else 'bilinear',
    )
