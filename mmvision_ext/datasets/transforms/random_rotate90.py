"""Rotation by quarter turns, exact for boxes and masks."""

from typing import Any

import numpy as np
from mmcv.transforms import BaseTransform
from mmcv.transforms.utils import cache_randomness
from mmdet.structures.bbox import autocast_box_type
from mmdet.structures.mask import BitmapMasks, PolygonMasks

from mmvision_ext.datasets.errors import DatasetError
from mmvision_ext.registry import TRANSFORMS


@TRANSFORMS.register_module()
class RandomRotate90(BaseTransform):
    """Rotate image, boxes and masks by 90, 180 or 270 degrees.

    An aerial image has no upright position. Nothing is interpolated and
    nothing leaves the image. With a horizontal flip of probability 0.5, the
    default gives all eight orientations of a square the same probability.
    Put it before ``Resize``, which then sees the new aspect ratio.

    Changes ``img`` (H, W, C), ``img_shape``, ``gt_bboxes`` (pixel edges),
    ``gt_masks``, ``gt_seg_map`` (H, W) and ``homography_matrix`` (3, 3), as
    far as they are there.

    Args:
        prob: Chance of a rotation, in [0, 1]; the three are equally likely.

    Raises:
        DatasetError: If ``prob`` is out of range.
    """

    def __init__(self, prob: float = 0.75) -> None:
        if not 0 <= prob <= 1:
            raise DatasetError(
                'RandomRotate90.prob: expected a value in [0, 1], found '
                f'{prob!r}'
            )
        self.prob = prob

    @cache_randomness
    def _turns(self) -> int:
        """Number of quarter turns."""
        if np.random.rand() >= self.prob:
            return 0
        return int(np.random.randint(1, 4))

    @autocast_box_type()
    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Rotate one sample.

        Args:
            results: The sample, with ``img``.

        Returns:
            The sample.
        """
        turns = self._turns()
        if not turns:
            return results
        matrix = quarter_turns(turns, *results['img'].shape[:2])
        for key in ('img', 'gt_seg_map'):
            if results.get(key) is not None:
                results[key] = np.ascontiguousarray(
                    np.rot90(results[key], turns)
                )
        results['img_shape'] = results['img'].shape[:2]
        if results.get('gt_bboxes') is not None:
            results['gt_bboxes'].project_(matrix)
        if results.get('gt_masks') is not None:
            results['gt_masks'] = _rotated(results['gt_masks'], turns, matrix)
        before = results.get('homography_matrix')
        results['homography_matrix'] = (
            matrix if before is None else matrix @ before
        )
        return results

    def __repr__(self) -> str:
        return f'{type(self).__name__}(prob={self.prob})'


def quarter_turns(turns: int, height: int, width: int) -> np.ndarray:
    """Where the points of an image go when it is turned counterclockwise.

    Args:
        turns: Number of quarter turns, as in ``numpy.rot90``.
        height: Height of the image before, in pixels.
        width: Width of the image before, in pixels.

    Returns:
        Homography of pixel edges (x, y, 1), shape (3, 3), float32.
    """
    matrix = np.eye(3, dtype=np.float32)
    for _ in range(turns % 4):
        turn = [[0, 1, 0], [-1, 0, width], [0, 0, 1]]
        matrix = np.array(turn, np.float32) @ matrix
        height, width = width, height
    return matrix


def _rotated(
    masks: BitmapMasks | PolygonMasks, turns: int, matrix: np.ndarray
) -> BitmapMasks | PolygonMasks:
    """Masks of an image that was turned."""
    size = masks.height, masks.width
    height, width = size[::-1] if turns % 2 else size
    if isinstance(masks, BitmapMasks):
        pixels = np.rot90(masks.masks, turns, axes=(1, 2))
        return BitmapMasks(np.ascontiguousarray(pixels), height, width)
    polygons = [
        [
            (part.reshape(-1, 2) @ matrix[:2, :2].T + matrix[:2, 2]).ravel()
            for part in parts
        ]
        for parts in masks.masks
    ]
    return PolygonMasks(polygons, height, width)
