"""Measures of how well each attribute's scores rank the samples.

All attributes are sorted at once. Equal scores are one step of the curve, as
in scikit-learn: the order of the samples changes nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .attribute_scores import AttributeScores, ratio

#: Entries sorted at a time: few enough to stay in a processor's cache.
BLOCK = 1 << 15


@dataclass(frozen=True)
class _Steps:
    """Where the curves of a block of A attributes change, S times in all.

    The steps of one attribute follow each other, highest score first.

    Attributes:
        count: Steps of each attribute, shape (A,).
        found: Known samples with this score or more, shape (S,), whole
            numbers as float64, which numpy computes with faster.
        hits: Positive ones among them, shape (S,), likewise.
        below: Bits of 1 less those of the score, shape (S,), unsigned.
    """

    count: NDArray[np.intp]
    found: NDArray[np.float64]
    hits: NDArray[np.float64]
    below: NDArray[np.unsignedinteger]

    @property
    def first(self) -> NDArray[np.intp]:
        """First step of each attribute that has steps, shape (<= A,)."""
        return (np.cumsum(self.count) - self.count)[self.count > 0]

    def gains(self, totals: NDArray[np.float64]) -> NDArray[np.float64]:
        """What each step adds.

        Args:
            totals: ``found`` or ``hits``, shape (S,).

        Returns:
            Difference to the step before of the same attribute, shape (S,).
        """
        gains = totals.copy()
        gains[1:] -= totals[:-1]
        gains[self.first] = totals[self.first]
        return gains

    def score(self, step: int) -> float:
        """Score of a step.

        Args:
            step: Its index, from 0 to S - 1.

        Returns:
            The score.
        """
        kind = np.dtype(f'f{self.below.itemsize}').type
        one = kind(1).view(self.below.dtype)
        return float((one - self.below[step]).view(kind))

    def sums(self, values: NDArray) -> NDArray[np.float64]:
        """Sum over the steps of each attribute, shape (A,)."""
        sums = np.zeros(len(self.count))
        if values.size:
            sums[self.count > 0] = np.add.reduceat(values, self.first)
        return sums


class Ranking(NamedTuple):
    """How well scores rank, of A attributes, in [0, 1].

    Attributes:
        average_precision: Area under the precision-recall curve, by steps, as
            ``sklearn.metrics.average_precision_score`` of the known entries,
            shape (A,); nan for an attribute without positives.
        auroc: Probability that a positive sample scores above a negative one,
            where equal scores count one half, as
            ``sklearn.metrics.roc_auc_score`` of the known entries, shape
            (A,); nan for an attribute without positives or negatives.
    """

    average_precision: NDArray[np.float64]
    auroc: NDArray[np.float64]


def rank_attributes(data: AttributeScores) -> Ranking:
    """Measure how well the scores of each attribute rank the samples.

    Args:
        data: N samples, A attributes.

    Returns:
        Average precision and area under the ROC curve.
    """
    precision = np.full(data.scores.shape[1], np.nan)
    auroc = precision.copy()
    positives = data.positives
    pairs = positives * data.negatives
    for part, steps in _blocks(data):
        new_hits = steps.gains(steps.hits)
        area = steps.sums(new_hits * (steps.hits / steps.found))
        precision[part] = ratio(area, positives[part], np.nan)
        new_misses = steps.gains(steps.found) - new_hits
        area = steps.sums(new_misses * (steps.hits - new_hits / 2))
        auroc[part] = ratio(area, pairs[part], np.nan)
    return Ranking(precision, auroc)


def best_thresholds(
    data: AttributeScores,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Threshold with the highest F1 of each attribute.

    Only for data on which nothing is evaluated afterwards. Samples that were
    not found are never predicted: they offer no threshold, and their
    positives are missed at any.

    Args:
        data: N samples, A attributes.

    Returns:
        Thresholds, shape (A,), each one of the scores: an attribute is
        predicted from it on. Of equally good ones the highest. Then their F1,
        shape (A,). Both are nan for an attribute without positives that were
        found.
    """
    seen = data.found[:, None]
    offered = replace(
        data, known=data.known & seen, targets=data.targets & seen
    )
    thresholds = np.full(data.scores.shape[1], np.nan)
    best = np.full(data.scores.shape[1], np.nan)
    positives = data.positives
    reached = offered.positives
    for part, steps in _blocks(offered):
        total = np.repeat(positives[part], steps.count)
        f1 = 2 * steps.hits / (steps.found + total)
        stops = np.cumsum(steps.count)
        for index in np.flatnonzero(reached[part]):
            start = stops[index] - steps.count[index]
            place = start + f1[start : stops[index]].argmax()
            thresholds[part.start + index] = steps.score(place)
            best[part.start + index] = f1[place]
    return thresholds, best


def _blocks(data: AttributeScores) -> Iterator[tuple[slice, _Steps]]:
    """The steps of a few attributes at a time, with their columns."""
    samples, attributes = data.scores.shape
    scores, targets, known = data.scores.T, data.targets.T, data.known.T
    size = max(1, BLOCK // max(1, samples))
    for start in range(0, attributes, size):
        part = slice(start, min(start + size, attributes))
        yield part, _steps(scores[part], targets[part], known[part])


def _steps(
    scores: NDArray[np.floating],
    targets: NDArray[np.bool_],
    known: NDArray[np.bool_],
) -> _Steps:
    """Sort the entries of some attributes, shape (A, N) each.

    The bits of floating-point numbers from 0 on are ordered as the numbers
    are. So one integer holds how far the score is below 1 and, as its last
    bit, the target, and the sort needs no indices. All bits are set where an
    entry is not known.
    """
    bits = np.dtype(f'u{scores.itemsize}').type
    one = scores.dtype.type(1).view(bits)
    keys = one - (scores + 0).view(bits)  # +0 gives -0 the same bits as 0
    keys = (keys << bits(1)) | targets
    keys |= ~known * ~bits(0)
    keys.sort(axis=1)
    hits = np.cumsum(keys & bits(1), axis=1, dtype=bits)
    keys >>= bits(1)
    last = keys != ~bits(0) >> bits(1)
    last[:, :-1] &= keys[:, :-1] != keys[:, 1:]
    places = np.arange(1.0, keys.shape[1] + 1)
    return _Steps(
        count=np.count_nonzero(last, axis=1),
        found=np.broadcast_to(places, keys.shape)[last],
        hits=hits[last].astype(np.float64),
        below=keys[last],
    )
