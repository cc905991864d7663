"""Attributes of objects on their way through a detection pipeline."""

from typing import Any

import numpy as np
import torch
from mmcv.transforms import BaseTransform
from mmdet.datasets.transforms import PackDetInputs

from mmvision_ext.registry import TRANSFORMS
from mmvision_ext.utils import InputError

_LABELS = 'gt_bboxes_labels'
_COUNT = 'num_attributes'
_IDS = 2  # columns in front of the attributes: label and annotation
_UNKNOWN = -1
_ORDER = (
    "expected LoadAnnotations, dict(type='mmvision_ext.LoadObjectAttributes') "
    "behind it, and dict(type='mmvision_ext.PackDetAttributes') at the end"
)


@TRANSFORMS.register_module()
class LoadObjectAttributes(BaseTransform):
    """Tie the attributes of each object to its label.

    It has its place right behind ``LoadAnnotations``. ``gt_bboxes_labels``,
    (n,), becomes a table, int64 (n, 2 + A): label, annotation, and for each
    attribute 1 present, 0 absent, -1 unknown. mmdet's transforms select and
    join the rows of ``gt_bboxes_labels`` as they do boxes, so that attributes
    follow their box through crops, filters and mosaics.
    :class:`PackDetAttributes` takes the table apart. Not meant for transforms
    that read labels, such as ``Albu``.

    A sample without annotations, as in inference, passes unchanged.
    """

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Make the table.

        Args:
            results: A sample of an
                :class:`~mmvision_ext.datasets.AttributeDetDataset` with
                ``gt_bboxes_labels``, (n,).

        Returns:
            The sample with the table.

        Raises:
            InputError: If the labels are not there, or not those of the
                sample's ``instances`` any more.
        """
        if 'instances' not in results:
            return results
        if _COUNT not in results:
            raise InputError(
                'LoadObjectAttributes: expected a dataset whose objects have '
                'attributes, such as mmvision_ext.APascalDetection, found '
                f"none in '{results.get('img_path')}'"
            )
        instances, labels = results['instances'], results.get(_LABELS)
        if labels is None or np.shape(labels) != (len(instances),):
            found = 'none' if labels is None else np.shape(labels)
            raise InputError(
                f'LoadObjectAttributes: {_ORDER}; found '
                f'{len(instances)} objects and labels of shape {found}'
            )
        shape = len(instances), _IDS + results[_COUNT]
        table = np.full(shape, _UNKNOWN, np.int64)
        table[:, 0] = labels
        for row, item in zip(table, instances, strict=True):
            known = item['attribute_mask']
            row[1] = item['ann_id']
            row[_IDS:][known] = item['attributes'][known] > 0.5
        results[_LABELS] = table
        return results


@TRANSFORMS.register_module()
class PackDetAttributes(PackDetInputs):
    """``PackDetInputs`` that also packs the attributes of the objects.

    ``gt_instances`` of the data sample have, beside boxes (n, 4) and labels
    (n,), ``attributes``, float32 (n, A), 1 where an object has an attribute,
    ``attribute_mask``, bool (n, A), False where that is unknown, and
    ``ann_ids``, int64 (n,). A sample without annotations is packed as
    ``PackDetInputs`` does.

    Args:
        meta_keys: As for ``PackDetInputs``.
    """

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Pack a sample.

        Args:
            results: A sample with ``img``, (H, W, 3), and the table of
                :class:`LoadObjectAttributes`.

        Returns:
            ``inputs``, (3, H, W), and ``data_samples``, a ``DetDataSample``.

        Raises:
            InputError: If there is no such table.
        """
        if _COUNT not in results:
            return super().transform(results)
        table = np.asarray(results.get(_LABELS, ()))
        if table.ndim != 2 or table.shape[1] != _IDS + results[_COUNT]:
            raise InputError(
                f'PackDetAttributes: {_ORDER}; found {_LABELS} of shape '
                f'{table.shape}, expected (objects, {_IDS + results[_COUNT]})'
            )
        packed = super().transform({**results, _LABELS: table[:, 0]})
        ignored = results.get('gt_ignore_flags', np.zeros(len(table)))
        rows = torch.from_numpy(table[np.asarray(ignored) == 0])
        objects = packed['data_samples'].gt_instances
        objects.attributes = (rows[:, _IDS:] == 1).float()
        objects.attribute_mask = rows[:, _IDS:] != _UNKNOWN
        objects.ann_ids = rows[:, 1]
        return packed
