"""All measures of attributes, for each of them and over all."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .attribute_counts import (
    AttributeCounts,
    all_negative_accuracy,
    count_at_thresholds,
    count_in_top,
)
from .attribute_ranking import rank_attributes
from .attribute_scores import AttributeScores, mean

#: Parts of the attributes, those with the most positives first.
THIRDS = ('head', 'medium', 'tail')


@dataclass(frozen=True)
class AttributeSummary:
    """Measures of A attributes, in [0, 1], nan where not defined.

    Attributes:
        positives: Samples known to have each attribute, shape (A,).
        negatives: Samples known to lack it, shape (A,).
        priors: Share of positives, which is the average precision of chance,
            shape (A,).
        average_precision: Shape (A,).
        auroc: Area under the ROC curve, shape (A,).
        at_half: Decisions at 0.5.
        in_top: Decisions for the ``topk`` highest scores of each sample.
        topk: Number of those.
        all_negative: Accuracy of a predictor that denies every attribute.
        thresholds: Calibrated thresholds, shape (A,); None without them.
        calibrated: Decisions at these.
    """

    positives: NDArray[np.int64]
    negatives: NDArray[np.int64]
    priors: NDArray[np.float64]
    average_precision: NDArray[np.float64]
    auroc: NDArray[np.float64]
    at_half: AttributeCounts
    in_top: AttributeCounts
    topk: int
    all_negative: float
    thresholds: NDArray[np.float64] | None = None
    calibrated: AttributeCounts | None = None

    def overall(self) -> dict[str, float]:
        """Measures over all attributes.

        Returns:
            In [0, 1]: ``mAP`` and ``mAP_chance``, over the attributes with
            positives; ``mR@<k>`` and ``F1@<k>``, mean recall and overall F1
            of the k highest scores of each sample; ``AUROC``, over the
            attributes with positives and negatives;
            ``accuracy_all_negative``; and, at 0.5, those of
            :meth:`AttributeCounts.overall`, which come again with the suffix
            ``_calibrated`` where there are calibrated thresholds. Nan where a
            measure is defined for no attribute.
        """
        whole = np.arange(len(self.positives))
        average, chance = self.mean_ap(whole)
        overall = {
            'mAP': average,
            'mAP_chance': chance,
            f'mR@{self.topk}': mean(self.in_top.recall),
            f'F1@{self.topk}': self.in_top.overall()['OF1'],
            'AUROC': mean(self.auroc),
            **self.at_half.overall(),
            'accuracy_all_negative': self.all_negative,
        }
        if self.calibrated is not None:
            for key, value in self.calibrated.overall().items():
                overall[f'{key}_calibrated'] = value
        return overall

    def mean_ap(self, indices: NDArray[np.intp]) -> tuple[float, float]:
        """Mean average precision over some attributes, and that of chance.

        Args:
            indices: The attributes.

        Returns:
            Both over those of them that have positives; nan where none has.
        """
        chosen = indices[self.positives[indices] > 0]
        return (
            mean(self.average_precision[chosen]),
            mean(self.priors[chosen]),
        )


def summarise_attributes(
    data: AttributeScores,
    topk: int = 15,
    thresholds: NDArray[np.float64] | None = None,
) -> AttributeSummary:
    """Compute all measures.

    Args:
        data: N samples, A attributes.
        topk: Number of highest scores of a sample for recall and F1.
        thresholds: Calibrated on other data, shape (A,).

    Returns:
        The measures.

    Raises:
        InputError: If ``topk`` is not in [1, A).
    """
    ranking = rank_attributes(data)
    return AttributeSummary(
        positives=data.positives,
        negatives=data.negatives,
        priors=data.priors,
        average_precision=ranking.average_precision,
        auroc=ranking.auroc,
        at_half=count_at_thresholds(data, 0.5),
        in_top=count_in_top(data, topk),
        topk=topk,
        all_negative=all_negative_accuracy(data),
        thresholds=thresholds,
        calibrated=(
            None
            if thresholds is None
            else count_at_thresholds(data, thresholds)
        ),
    )


def frequency_thirds(
    positives: NDArray[np.int64],
) -> dict[str, NDArray[np.intp]]:
    """Part the attributes with positives by their number of positives.

    Args:
        positives: Number of positives of each attribute, shape (A,).

    Returns:
        Indices of the third with the most positives, ``head``, then
        ``medium`` and ``tail``. Of equal numbers the lower index comes first;
        what does not divide by three goes to the first parts.
    """
    order = np.argsort(-positives, kind='stable')
    parts = np.array_split(order[positives[order] > 0], 3)
    return dict(zip(THIRDS, parts, strict=True))
