"""Scores and labels of attributes, checked once for all measures."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmvision_ext.utils import InputError


@dataclass(frozen=True)
class AttributeScores:
    """Scores of N samples for A attributes, beside what is known of them.

    The arrays are in column order: what is computed of an attribute lies
    together.

    Attributes:
        scores: Probabilities, shape (N, A), float32 or float64, in [0, 1].
        targets: Whether a sample has an attribute, shape (N, A), bool; False
            where that is not known.
        known: Whether the entry counts, shape (N, A), bool.
        found: Whether there is a prediction for the sample, shape (N,), bool:
            of an object that a detector missed, no attribute is predicted.
    """

    scores: NDArray[np.floating]
    targets: NDArray[np.bool_]
    known: NDArray[np.bool_]
    found: NDArray[np.bool_]

    @property
    def positives(self) -> NDArray[np.int64]:
        """Samples known to have each attribute, shape (A,)."""
        return np.count_nonzero(self.targets, axis=0)

    @property
    def negatives(self) -> NDArray[np.int64]:
        """Samples known to lack each attribute, shape (A,)."""
        return np.count_nonzero(self.known, axis=0) - self.positives

    @property
    def priors(self) -> NDArray[np.float64]:
        """Share of the known entries that are positive, shape (A,).

        It is the average precision of a predictor that ranks by chance; nan
        for an attribute of which nothing is known.
        """
        return ratio(self.positives, self.positives + self.negatives, np.nan)


def attribute_scores(
    scores: NDArray,
    targets: NDArray,
    mask: NDArray | None = None,
    found: NDArray | None = None,
) -> AttributeScores:
    """Check scores and labels and put them together.

    Args:
        scores: Probabilities, shape (N, A), float. Those of entries that are
            not known are looked at as well: they compete for a sample's
            highest scores.
        targets: 1 where a sample has an attribute, else 0, shape (N, A);
            anything where the mask is False.
        mask: False where nobody looked, shape (N, A), bool; None has every
            entry known.
        found: False where there is no prediction for a sample, shape (N,),
            bool; its scores are 0. None has all.

    Returns:
        All four, ready for the measures.

    Raises:
        InputError: If shapes differ, a score is nan or not in [0, 1], or a
            known target is neither 0 nor 1.
    """
    scores, targets = np.asarray(scores), np.asarray(targets)
    if mask is None:
        mask = np.ones(targets.shape, bool)
    if found is None:
        found = np.ones(len(targets), bool)
    if scores.ndim != 2 or not scores.shape == targets.shape == mask.shape:
        raise InputError(
            'attributes: expected scores, targets and mask of one shape '
            f'(samples, attributes), found {scores.shape}, {targets.shape} '
            f'and {mask.shape}'
        )
    if mask.dtype != bool:
        raise InputError(
            f'gt_mask: expected bool, True where known, found {mask.dtype}'
        )
    if scores.dtype != np.float64:
        scores = scores.astype(np.float32)  # exact for 16 bits and integers
    if scores.size and not (scores.min() >= 0 and scores.max() <= 1):
        outside = ~((scores >= 0) & (scores <= 1))  # nan is outside as well
        sample, attribute = np.argwhere(outside)[0]
        raise InputError(
            'pred_score: expected probabilities from 0 to 1, found '
            f'{scores[sample, attribute]} at sample {sample}, attribute '
            f'{attribute}, and {int(outside.sum())} such values in all. A '
            'head that gives logits has to apply a sigmoid in predict.'
        )
    positive = targets == 1
    wrong = (positive == (targets == 0)) & mask
    if wrong.any():
        sample, attribute = np.argwhere(wrong)[0]
        raise InputError(
            'gt_score: expected 0 or 1, found '
            f'{targets[sample, attribute]} at sample {sample}, attribute '
            f'{attribute}. Mark what is not known by gt_mask=False.'
        )
    return AttributeScores(
        scores=np.asfortranarray(scores),
        targets=np.asfortranarray(positive & mask),
        known=np.asfortranarray(mask),
        found=found,
    )


def ratio(
    part: NDArray, whole: NDArray, undefined: float
) -> NDArray[np.float64]:
    """Divide, with a value of one's own where there is nothing to divide by.

    Args:
        part: Numerators, shape (A,).
        whole: Denominators, shape (A,).
        undefined: Result where the denominator is 0.

    Returns:
        Quotients, shape (A,).
    """
    out = np.full(np.shape(whole), undefined, np.float64)
    return np.divide(part, whole, out=out, where=np.asarray(whole) > 0)


def mean(values: NDArray) -> float:
    """Mean over the attributes or classes for which a measure is defined.

    Args:
        values: The measure, shape (A,); nan where it is not defined.

    Returns:
        The mean of the rest; nan where there is none.
    """
    defined = values[~np.isnan(values)]
    return float(defined.mean()) if defined.size else float('nan')
