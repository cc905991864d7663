"""COCO average precision on base and on novel classes."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from mmvision_ext.registry import METRICS
from mmvision_ext.utils import InputError

from ..functional import ImageRecord, Kind
from ..functional.attribute_scores import mean
from .coco_instance_metric import CocoInstanceMetric
from .instance_metric import Column


@METRICS.register_module()
class OpenVocabularyMetric(CocoInstanceMetric):
    """Average precision of classes that were trained, and of those that not.

    The result keys of :class:`CocoInstanceMetric`, and for ``bbox`` and
    ``segm`` in [0, 1]: ``bbox_base_mAP`` and ``bbox_novel_mAP``, the means of
    the average precision of the classes, without those that the ground truth
    lacks; ``bbox_harmonic_mAP``, the harmonic mean of the two, 0 where one is
    0 (Xian et al., "Zero-Shot Learning: A Comprehensive Evaluation of the
    Good, the Bad and the Ugly", TPAMI 2019); and all three with ``_50`` at
    IoU 0.50. All are generalised: every class of the data set competes.

    Args:
        novel_classes: Names of the classes that the training left out. None
            takes the data set's ``novel_classes``. All others are base.
        kwargs: As for :class:`CocoInstanceMetric`.
    """

    def __init__(
        self, novel_classes: Sequence[str] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.novel_classes = novel_classes

    def evaluate_kind(
        self, records: list[ImageRecord], names: Sequence[str], kind: Kind
    ) -> tuple[dict[str, float], dict[str, Column]]:
        """Evaluate boxes or masks.

        Args:
            records: One record per image of the data set.
            names: Names of the C classes.
            kind: 'bbox' or 'segm'.

        Returns:
            The keys named in the class description that are of this kind,
            and the columns ``<kind>_mAP`` and ``<kind>_mAP_50``.

        Raises:
            InputError: If the novel classes are not some of the data set's.
        """
        novel = self._is_novel(names)
        metrics, columns = super().evaluate_kind(records, names, kind)
        for suffix in ('mAP', 'mAP_50'):
            values = columns[f'{kind}_{suffix}'].values
            base = mean(values[~novel])
            other = mean(values[novel])
            metrics[f'{kind}_base_{suffix}'] = base
            metrics[f'{kind}_novel_{suffix}'] = other
            metrics[f'{kind}_harmonic_{suffix}'] = harmonic_mean(base, other)
        return metrics, columns

    def _is_novel(self, names: Sequence[str]) -> np.ndarray:
        """Of each class whether it is novel, shape (C,), bool."""
        novel = self.novel_classes
        if novel is None:
            novel = (self.dataset_meta or {}).get('novel_classes', ())
        unknown = sorted(set(novel) - set(names))
        if unknown or not 0 < len(set(novel)) < len(names):
            found = ', '.join(novel) or 'none'
            wrong = f'; it has no {", ".join(unknown)}' if unknown else ''
            raise InputError(
                'OpenVocabularyMetric.novel_classes: expected some of the '
                f"data set's classes, not all, found {found}{wrong}. It has "
                f'{", ".join(names)}; name the novel ones here or in the data '
                "set's metainfo."
            )
        return np.isin(names, list(novel))


def harmonic_mean(first: float, second: float) -> float:
    """Harmonic mean of two averages.

    Args:
        first: In [0, 1], or nan.
        second: In [0, 1], or nan.

    Returns:
        In [0, 1]; 0 where one of them is 0, nan where one is nan.
    """
    total = first + second
    return 2 * first * second / total if total else 0.0
