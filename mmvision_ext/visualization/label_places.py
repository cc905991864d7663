"""Places of names beside points, such that none covers another."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .text import Size

ANGLES = 24  # directions that are tried
RINGS = 14  # distances that are tried
STEP = 9  # pixels from one distance to the next
INSET = 4  # pixels that names keep from the edge of the frame
# Places are compared by what they cover, in pixels: names and marks first,
# lines next; then by how far off they are and how close to other points.
MARK_WEIGHT, LINE_WEIGHT = 1000.0, 0.3
CENTRE_WEIGHT = 0.1  # of the way to the middle of a name beside its edge
OTHERS_WEIGHT, OTHERS_ROOM = 3.0, 16.0  # names stay this far from other points


def place_beside(
    points: NDArray[np.float64],
    sizes: Sequence[Size],
    frame: Size,
    marks: NDArray[np.float64],
    lines: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Find a place for the name of each point.

    Names in crowded places are placed first. Each takes, of all directions
    and distances, the place that covers least.

    Args:
        points: Points in pixels, shape (N, 2).
        sizes: Width and height of each name in pixels, N of them.
        frame: Width and height within which names stay, in pixels.
        marks: Boxes that no name may cover as x1, y1, x2, y2, shape (M, 4).
        lines: Boxes that names had better not cover, shape (L, 4).

    Returns:
        Middle of each name in pixels, shape (N, 2).
    """
    middles = np.zeros((len(points), 2))
    taken = list(marks)
    for index in _crowded_first(points):
        size = np.array(sizes[index], dtype=np.float64)
        places = _candidates(points[index], size, np.array(frame))
        boxes = np.concatenate([places - size / 2, places + size / 2], axis=1)
        cost = MARK_WEIGHT * _covered(boxes, np.array(taken).reshape(-1, 4))
        cost += LINE_WEIGHT * _covered(boxes, lines)
        off = _distances(boxes, points)
        cost += off[:, index]
        others = np.delete(off, index, axis=1)
        close = (OTHERS_ROOM - others).clip(min=0).sum(axis=1)
        cost += OTHERS_WEIGHT * close
        cost += CENTRE_WEIGHT * np.linalg.norm(places - points[index], axis=1)
        best = int(cost.argmin())
        middles[index] = places[best]
        taken.append(boxes[best])
    return middles


def _crowded_first(points: NDArray[np.float64]) -> NDArray[np.int64]:
    """Indices, those with the nearest neighbours first."""
    apart = np.linalg.norm(points[:, None] - points[None], axis=2)
    near = np.sort(apart, axis=1)[:, 1:4].sum(axis=1)
    return near.argsort(kind='stable')


def _candidates(
    point: NDArray[np.float64],
    size: NDArray[np.float64],
    frame: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Middles of all places that are tried, kept inside the frame."""
    angles = np.arange(ANGLES) * 2 * np.pi / ANGLES
    directions = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    distances = STEP * np.arange(1, RINGS + 1)
    # The name's nearest edge, not its middle, keeps the distance.
    places = point + directions[None] * (
        distances[:, None, None] + size[None, None] / 2
    )
    low, high = size / 2 + INSET, frame - size / 2 - INSET
    return np.clip(places.reshape(-1, 2), low, high)


def _covered(
    boxes: NDArray[np.float64], others: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Area of each of N boxes on M others, shape (N,)."""
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    return (high - low).clip(min=0).prod(axis=2).sum(axis=1)


def _distances(
    boxes: NDArray[np.float64], points: NDArray[np.float64]
) -> NDArray[np.float64]:
    """From the edges of N boxes to M points, shape (N, M)."""
    nearest = np.clip(points[None], boxes[:, None, :2], boxes[:, None, 2:])
    return np.linalg.norm(nearest - points[None], axis=2)
