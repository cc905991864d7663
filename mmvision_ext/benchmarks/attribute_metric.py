"""Measures of attributes against a loop over scikit-learn."""

from functools import partial

import numpy as np
from numpy.typing import NDArray
from sklearn import metrics as sk

from mmvision_ext.evaluation.functional.attribute_counts import (
    count_at_thresholds,
)
from mmvision_ext.evaluation.functional.attribute_ranking import (
    rank_attributes,
)
from mmvision_ext.evaluation.functional.attribute_scores import (
    attribute_scores,
)

from .row import BenchmarkRow
from .timing import processor_seconds

_ATTRIBUTES = 204  # of COCO Attributes

Arrays = tuple[NDArray, NDArray, NDArray]


def run(quick: bool) -> list[BenchmarkRow]:
    """Compute all measures, where all entries count and where half do.

    Args:
        quick: Whether to take few samples, once.

    Returns:
        A row a share of known entries.
    """
    samples, repeats = (500, 1) if quick else (20_000, 3)
    return [
        compare_measures(samples, _ATTRIBUTES, known, repeats)
        for known in (1.0, 0.5)
    ]


def compare_measures(
    samples: int, attributes: int, known: float, repeats: int
) -> BenchmarkRow:
    """Compute AP, AUROC, and P, R, F1 and mA at 0.5, in both ways.

    Args:
        samples: Number of samples.
        attributes: Number of attributes.
        known: Share of the entries that count, in (0, 1].
        repeats: How often; the shortest time counts.

    Returns:
        Both times, checks of the input included, and the largest difference.
    """
    arrays = random_arrays(samples, attributes, known)
    calls = {'ours': partial(_ours, *arrays), 'loop': partial(_loop, *arrays)}
    ours, loop = (call() for call in calls.values())
    seconds = processor_seconds(calls, repeats, 'attributes', warm_up=0)
    return BenchmarkRow(
        what=f'{samples} samples, {attributes} attributes, {known:.0%} known',
        ours=seconds['ours'],
        peer_name='scikit-learn, in a loop',
        peer=seconds['loop'],
        unit='s',
        difference=f'any measure to {np.abs(ours - loop).max():.1e}',
    )


def random_arrays(samples: int, attributes: int, known: float) -> Arrays:
    """Make scores that know a little of targets that are mostly rare.

    Args:
        samples: Number N of samples.
        attributes: Number A of attributes.
        known: Share of the entries that count, in (0, 1].

    Returns:
        Scores, and targets, float32, and mask, bool, each (N, A).
    """
    rng = np.random.default_rng(0)
    shape = samples, attributes
    targets = rng.random(shape) < rng.uniform(0.01, 0.3, attributes)
    scores = rng.normal(0.3 + 0.1 * targets, 0.1).clip(0, 1)
    mask = rng.random(shape) < known
    return scores.astype(np.float32), targets.astype(np.float32), mask


def _ours(
    scores: NDArray, targets: NDArray, mask: NDArray
) -> NDArray[np.float64]:
    """The vectorised functions, (6, A)."""
    data = attribute_scores(scores, targets, mask)
    counts = count_at_thresholds(data, 0.5)
    return np.array(
        [
            *rank_attributes(data),
            counts.precision,
            counts.recall,
            counts.f1,
            counts.balanced_accuracy,
        ]
    )


def _loop(
    scores: NDArray, targets: NDArray, mask: NDArray
) -> NDArray[np.float64]:
    """scikit-learn, attribute by attribute, (6, A)."""
    rows = []
    for index in range(scores.shape[1]):
        known = mask[:, index]
        y, s = targets[known, index], scores[known, index]
        decided = (s >= 0.5).astype(y.dtype)
        rows.append(
            [
                sk.average_precision_score(y, s),
                sk.roc_auc_score(y, s),
                *sk.precision_recall_fscore_support(
                    y, decided, average='binary', zero_division=0
                )[:3],
                sk.balanced_accuracy_score(y, decided),
            ]
        )
    return np.array(rows).T
