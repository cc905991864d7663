"""Measures of yes-or-no decisions about attributes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmvision_ext.utils import InputError

from .attribute_scores import AttributeScores, mean, ratio


@dataclass(frozen=True)
class AttributeCounts:
    """Right and wrong decisions about the known entries, each (A,), int64.

    Attributes:
        tp: Positives that were predicted.
        fp: Negatives that were predicted.
        fn: Positives that were not.
        tn: Negatives that were not.
    """

    tp: NDArray[np.int64]
    fp: NDArray[np.int64]
    fn: NDArray[np.int64]
    tn: NDArray[np.int64]

    @property
    def precision(self) -> NDArray[np.float64]:
        """Share of right ones among the predicted, shape (A,).

        0 where nothing was predicted, nan for an attribute without positives.
        """
        found = ratio(self.tp, self.tp + self.fp, 0.0)
        return np.where(self.tp + self.fn > 0, found, np.nan)

    @property
    def recall(self) -> NDArray[np.float64]:
        """Share of the positives that were predicted, shape (A,).

        Nan for an attribute without positives.
        """
        return ratio(self.tp, self.tp + self.fn, np.nan)

    @property
    def f1(self) -> NDArray[np.float64]:
        """Harmonic mean of precision and recall, shape (A,).

        Nan for an attribute without positives.
        """
        found = ratio(2 * self.tp, 2 * self.tp + self.fp + self.fn, np.nan)
        return np.where(self.tp + self.fn > 0, found, np.nan)

    @property
    def balanced_accuracy(self) -> NDArray[np.float64]:
        """Mean of the recall of positives and of negatives, shape (A,).

        Nan for an attribute without positives or without negatives.
        """
        return (self.recall + ratio(self.tn, self.tn + self.fp, np.nan)) / 2

    def overall(self) -> dict[str, float]:
        """Measures over all entries together, and means over attributes.

        Returns:
            In [0, 1]: ``OP``, ``OR`` and ``OF1``, of all known entries as if
            they were one attribute; ``CP``, ``CR`` and ``CF1``, means over
            the attributes with positives of precision, recall and F1; ``mA``,
            mean of the balanced accuracy over the attributes with positives
            and negatives; ``accuracy``, share of the known entries decided
            rightly. Nan where nothing is to be measured; OP is 0 where
            nothing is predicted.
        """
        tp, fp, fn, tn = (
            np.array([counts.sum()])
            for counts in (self.tp, self.fp, self.fn, self.tn)
        )
        whole = AttributeCounts(tp, fp, fn, tn)
        return dict(
            OP=float(whole.precision[0]),
            OR=float(whole.recall[0]),
            OF1=float(whole.f1[0]),
            CP=mean(self.precision),
            CR=mean(self.recall),
            CF1=mean(self.f1),
            mA=mean(self.balanced_accuracy),
            accuracy=float(ratio(tp + tn, tp + fp + fn + tn, np.nan)[0]),
        )


def count_at_thresholds(
    data: AttributeScores, thresholds: float | NDArray[np.float64]
) -> AttributeCounts:
    """Predict what scores at least a threshold.

    Args:
        data: N samples, A attributes.
        thresholds: One for all, or one for each, shape (A,).

    Returns:
        Counts of each attribute.
    """
    return _count(data, data.scores >= np.asarray(thresholds, np.float64))


def count_in_top(data: AttributeScores, k: int) -> AttributeCounts:
    """Predict the k attributes of each sample that score highest.

    They are chosen among all attributes, not only among the known ones, since
    what annotators looked at is not known when a model is used; what is
    chosen and not known counts neither as right nor as wrong, as in the
    evaluation of VAW (Pham et al., "Learning to Predict Visual Attributes in
    the Wild", CVPR 2021). Of equal scores the attribute of lower index comes
    first.

    Args:
        data: N samples, A attributes.
        k: Number of predictions for each sample, less than A.

    Returns:
        Counts of each attribute.

    Raises:
        InputError: If ``k`` is not in [1, A).
    """
    attributes = data.scores.shape[1]
    if not 1 <= k < attributes:
        raise InputError(
            f'topk: expected a number from 1 to {attributes - 1} for '
            f'{attributes} attributes, found {k}. With as many predictions as '
            'attributes every recall is 1.'
        )
    scores = data.scores
    least = -np.partition(-scores, k - 1, axis=1)[:, k - 1 : k]
    above, equal = scores > least, scores == least
    free = k - np.count_nonzero(above, axis=1, keepdims=True)
    return _count(data, above | (equal & (np.cumsum(equal, axis=1) <= free)))


def all_negative_accuracy(data: AttributeScores) -> float:
    """Accuracy of a predictor that denies every attribute.

    Args:
        data: N samples, A attributes.

    Returns:
        Share of the known entries that are negative, in [0, 1]; nan where
        nothing is known.
    """
    known = np.array([np.count_nonzero(data.known)])
    return float(ratio(known - data.positives.sum(), known, np.nan)[0])


def _count(
    data: AttributeScores, predicted: NDArray[np.bool_]
) -> AttributeCounts:
    """Compare predictions, bool (N, A), with the known targets.

    For a sample that was not found nothing is predicted.
    """
    predicted = predicted & data.found[:, None]
    tp = np.count_nonzero(predicted & data.targets, axis=0)
    fp = np.count_nonzero(predicted & data.known, axis=0) - tp
    return AttributeCounts(
        tp=tp, fp=fp, fn=data.positives - tp, tn=data.negatives - fp
    )
