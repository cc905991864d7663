"""Polygons that draw exactly the mask they were traced from."""

import cv2
import numpy as np
import pytest
from pycocotools import mask as mask_utils

from mmvision_ext.datasets.mask_polygons import mask_to_polygons


def draw(polygons, shape):
    rles = mask_utils.frPyObjects(polygons, *shape)
    return mask_utils.decode(mask_utils.merge(rles)).astype(bool)


def ring():
    mask = np.zeros((30, 41), bool)
    mask[3:27, 2:39] = True
    mask[8:20, 10:30] = False
    mask[11:16, 15:20] = True  # an island in the hole
    mask[22, 5] = False
    return mask


def noise():
    return np.random.default_rng(0).random((23, 31)) < 0.5


def blobs():
    field = np.random.default_rng(1).random((57, 44)).astype(np.float32)
    return cv2.GaussianBlur(field, (0, 0), 2) > 0.5


def pixel():
    mask = np.zeros((9, 7), bool)
    mask[8, 6] = True
    return mask


def whole():
    return np.ones((12, 5), bool)


@pytest.mark.parametrize('make', [ring, noise, blobs, pixel, whole])
def test_drawn_again_it_is_the_same_mask(make):
    mask = make()
    polygons = mask_to_polygons(mask)
    assert all(len(polygon) >= 8 for polygon in polygons)
    np.testing.assert_array_equal(draw(polygons, mask.shape), mask)


def crossings(polygons, xs, ys):
    """Even-odd rule, edge by edge: bool, shape of ``xs``."""
    inside = np.zeros(xs.shape, bool)
    for polygon in polygons:
        points = np.reshape(polygon, (-1, 2))
        for (x1, y1), (x2, y2) in zip(
            points, np.roll(points, -1, axis=0), strict=True
        ):
            if y1 != y2:
                spans = (y1 > ys) != (y2 > ys)
                inside ^= spans & (xs < x1 + (ys - y1) / (y2 - y1) * (x2 - x1))
    return inside


@pytest.mark.parametrize('offset', [-0.2, 0.0, 0.2])
@pytest.mark.parametrize('make', [ring, noise, blobs, pixel, whole])
def test_centres_are_well_inside(make, offset):
    mask = make()
    ys, xs = np.mgrid[: mask.shape[0], : mask.shape[1]] + 0.5 + offset
    found = crossings(mask_to_polygons(mask), xs, ys)
    np.testing.assert_array_equal(found, mask)


def test_one_polygon_for_each_part():
    mask = np.zeros((20, 30), bool)
    mask[2:6, 3:9] = mask[10:15, 20:25] = True
    assert len(mask_to_polygons(mask)) == 2


def test_empty_mask():
    assert mask_to_polygons(np.zeros((5, 6), bool)) == []
