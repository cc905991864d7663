"""Packing of samples with attributes."""

from typing import Any

import torch
from mmpretrain.datasets.transforms import PackInputs

from mmvision_ext.registry import TRANSFORMS

_META = ('img_id', 'ann_id', 'category', 'bbox', 'crop_box')


@TRANSFORMS.register_module()
class PackAttributes(PackInputs):
    """``PackInputs`` that also packs the mask of known attributes.

    The data sample has ``gt_score``, float32 (A,), and, where the dataset
    gives it, ``gt_mask``, bool (A,): False where an attribute is unknown.
    ``img_id``, ``ann_id``, ``category``, ``bbox`` and ``crop_box`` become meta
    information beside that of ``PackInputs``.
    """

    def __init__(self) -> None:
        super().__init__(
            algorithm_keys=('gt_mask',),
            meta_keys=(*PackInputs.DEFAULT_META_KEYS, *_META),
        )

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Pack a sample.

        Args:
            results: A sample with ``img``, (H, W, 3), and ``gt_score``.

        Returns:
            ``inputs``, (3, H, W), and ``data_samples``, a ``DataSample``.
        """
        if 'gt_mask' in results:
            mask = torch.as_tensor(results['gt_mask'], dtype=torch.bool)
            results = {**results, 'gt_mask': mask}
        return super().transform(results)
