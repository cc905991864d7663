"""What a metric would be without a model that knows anything."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_CHANCE, _ALL_NEGATIVE = '_chance', '_all_negative'
_TOP = re.compile(r'top(\d+)')
_CALIBRATED = '_calibrated'
# Measures of AttributeMetric that are balanced: 50 % whatever the labels.
_HALF = ('AUROC', 'mA')


@dataclass(frozen=True)
class Baseline:
    """What stands beside a metric.

    Attributes:
        kind: ``'chance'``, or ``'all-negative'`` for a predictor that denies
            every attribute.
        value: What it reaches, in the unit of the metric.
    """

    kind: str
    value: float


def is_baseline(key: str) -> bool:
    """Whether a key of a metric's results is a baseline of another one.

    Args:
        key: Key, such as ``attributes/mAP_chance``.

    Returns:
        True for the baselines that
        :class:`~mmvision_ext.evaluation.metrics.AttributeMetric` gives.
    """
    return key.endswith((_CHANCE, _ALL_NEGATIVE))


def baseline_of(
    key: str, metrics: Mapping[str, float], num_classes: int | None = None
) -> Baseline | None:
    """Find what to compare a metric with.

    Args:
        key: Key, such as ``attributes/mAP`` or ``accuracy/top1``.
        metrics: All results of one evaluation, in per cent.
        num_classes: Number of classes for top-k accuracies, of which each
            is guessed equally often; None where that is not known.

    Returns:
        The baseline, in per cent; None for metrics that have none, or whose
        baseline the results do not name.
    """
    if f'{key}{_CHANCE}' in metrics:
        return Baseline('chance', metrics[f'{key}{_CHANCE}'])
    prefix, _, name = key.removesuffix(_CALIBRATED).rpartition('/')
    if f'{prefix}/mAP{_CHANCE}' in metrics:  # AttributeMetric's
        if name == 'accuracy':
            value = metrics[f'{prefix}/{name}{_ALL_NEGATIVE}']
            return Baseline('all-negative', value)
        return Baseline('chance', 50.0) if name in _HALF else None
    if num_classes is None:
        return None
    if match := _TOP.fullmatch(name):
        guesses = min(int(match[1]), num_classes)
        return Baseline('chance', 100 * guesses / num_classes)
    if name == 'mean_class':
        return Baseline('chance', 100 / num_classes)
    return None
