"""Overlaps as COCO's matching takes them, crowds told from single objects."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .records import Kind

MAX_DETECTIONS = 100
"""Detections of one class and image that COCO looks at."""


class COCOOverlaps:
    """Overlaps of detections with the objects of one image and class.

    COCO measures a detection against an ``iscrowd`` object by the share of
    the detection that lies inside: right for a group of objects, but for a
    single ignored one (VOC's difficult) it would forgive every small false
    alarm inside its box. Only objects with ``crowd=1`` are measured so, all
    others by intersection over union. In the matching that follows, both
    kinds of ignored objects take any number of detections.

    Args:
        truth: Content of an annotation file, its annotations with ``crowd``.
        results: Content of a result file.
        kind: 'bbox' or 'segm'.
        measure: ``iou`` of one of the COCO libraries; takes detections,
            objects and whether each object is a crowd.
    """

    def __init__(
        self,
        truth: dict[str, Any],
        results: list[dict[str, Any]],
        kind: Kind,
        measure: Callable[[list[Any], list[Any], list[int]], np.ndarray],
    ) -> None:
        self._shape = 'bbox' if kind == 'bbox' else 'segmentation'
        self._measure = measure
        self._objects = _by_image_and_class(truth['annotations'])
        self._found = _by_image_and_class(results)

    def __call__(self, image_id: int, category_id: int) -> np.ndarray:
        """Measure one image and class.

        Args:
            image_id: Id of the image.
            category_id: Id of the class.

        Returns:
            Overlaps in [0, 1], shape (D, G): the best 100 detections by
            falling score, the objects in the order of the file. Empty where
            there are none of either.
        """
        objects = self._objects.get((image_id, category_id), [])
        found = self._found.get((image_id, category_id), [])
        if not objects or not found:
            return np.zeros(0)
        best = sorted(found, key=lambda entry: -entry['score'])
        return np.asarray(
            self._measure(
                [entry[self._shape] for entry in best[:MAX_DETECTIONS]],
                [entry[self._shape] for entry in objects],
                [entry['crowd'] for entry in objects],
            )
        )


def _by_image_and_class(
    entries: list[dict[str, Any]],
) -> dict[tuple[int, int], list[dict[str, Any]]]:
    """Group the entries of a file, each group in their order."""
    groups: dict[tuple[int, int], list[dict[str, Any]]] = {}
    for entry in entries:
        key = entry['image_id'], entry['category_id']
        groups.setdefault(key, []).append(entry)
    return groups
