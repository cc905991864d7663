"""Test samples of which some attributes are known."""

from typing import Any

import numpy as np
import torch
from mmcv.transforms import BaseTransform

from mmvision_ext.datasets.errors import DatasetError
from mmvision_ext.registry import TRANSFORMS


@TRANSFORMS.register_module()
class RevealAttributes(BaseTransform):
    """Give a share of the labels to the model and take them out of the score.

    It stands after ``PackAttributes``. What is revealed becomes
    ``known_attributes`` of the data sample (1 present, -1 absent, 0 unknown),
    which :class:`~mmvision_ext.models.heads.CrossModalAttributeHead` reads,
    and False in ``gt_mask``, so that a metric is over the other attributes.
    ``give=False`` takes the same entries out of the score and tells the model
    nothing: the difference is what knowing them is worth.

    Args:
        share: Share of the attributes, in (0, 1).
        give: Whether the model is told.
        seed: Seed of the draw, which depends on it and on the index of the
            sample.

    Raises:
        DatasetError: If the share is out of range.
    """

    def __init__(
        self, share: float = 0.5, give: bool = True, seed: int = 0
    ) -> None:
        if not 0 < share < 1:
            raise DatasetError(
                f'RevealAttributes.share: expected a share in (0, 1), found '
                f'{share}'
            )
        self.share = share
        self.give = give
        self.seed = seed

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Reveal labels of a packed sample.

        Args:
            results: ``inputs`` and ``data_samples`` of ``PackAttributes``.

        Returns:
            The same with ``known_attributes``, float32 (A,), unless
            ``give=False``, and a smaller ``gt_mask``, bool (A,), in the data
            sample.

        Raises:
            DatasetError: If the sample is not packed yet.
        """
        sample = results.get('data_samples')
        if sample is None or 'sample_idx' not in sample:
            raise DatasetError(
                'RevealAttributes: expected a packed sample with sample_idx, '
                f'found {", ".join(map(str, results))}. Put it behind '
                "dict(type='mmvision_ext.PackAttributes')."
            )
        score = sample.gt_score
        mask = sample.get('gt_mask')
        if mask is None:
            mask = torch.ones_like(score, dtype=torch.bool)
        rng = np.random.default_rng((self.seed, sample.sample_idx))
        shown = torch.from_numpy(rng.random(len(score)) < self.share) & mask
        if self.give:
            known = (2 * score - 1) * shown
            sample.set_field(known, 'known_attributes', dtype=torch.Tensor)
        sample.set_field(mask & ~shown, 'gt_mask', dtype=torch.Tensor)
        return results

    def __repr__(self) -> str:
        return (
            f'{type(self).__name__}(share={self.share}, give={self.give}, '
            f'seed={self.seed})'
        )
