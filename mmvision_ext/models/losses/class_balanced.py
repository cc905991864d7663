"""Binary cross-entropy weighted by effective numbers of samples."""

import torch

from mmvision_ext.registry import MODELS
from mmvision_ext.utils import InputError

from .counted import CountedBCELoss


def effective_number(counts: torch.Tensor, beta: float) -> torch.Tensor:
    """Number of samples that do not repeat each other.

    Args:
        counts: Numbers of samples.
        beta: How soon new samples bring nothing new, in [0, 1).

    Returns:
        ``(1 - beta^n) / (1 - beta)``, of the same shape.
    """
    return (1 - torch.pow(beta, counts)) / (1 - beta)


def class_balanced_weights(
    positives: torch.Tensor, negatives: torch.Tensor, beta: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Weights by the inverse of the effective numbers.

    Every attribute is two classes, present and absent, whose weights sum to
    2. One without a sample counts as one with one.

    Args:
        positives: Number of known positives of each attribute, (A,).
        negatives: Number of known negatives, (A,).
        beta: As for :func:`effective_number`.

    Returns:
        Weights of the positive and of the negative terms, (A,) each.
    """
    positive = 1 / effective_number(positives.clamp(min=1), beta)
    negative = 1 / effective_number(negatives.clamp(min=1), beta)
    total = positive + negative
    return 2 * positive / total, 2 * negative / total


@MODELS.register_module()
class ClassBalancedBCELoss(CountedBCELoss):
    """Class-balanced binary cross-entropy; ``beta=0`` is the unweighted one.

    Cui et al., "Class-Balanced Loss Based on Effective Number of Samples",
    CVPR 2019; see :func:`class_balanced_weights` for several attributes.

    Args:
        beta: How soon new samples bring nothing new, in [0, 1).
        loss_weight: Factor of the loss.

    Raises:
        InputError: If a number is out of range.
    """

    def __init__(self, beta: float = 0.99, loss_weight: float = 1.0) -> None:
        super().__init__(loss_weight)
        if not 0 <= beta < 1:
            raise InputError(
                f'ClassBalancedBCELoss: expected beta in [0, 1), found {beta}'
            )
        self.beta = beta

    def weights_of(
        self, positives: torch.Tensor, negatives: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Weights by counts.

        Args:
            positives: Number of known positives of each attribute, (A,).
            negatives: Number of known negatives, (A,).

        Returns:
            Weights of the positive and of the negative terms, (A,) each.
        """
        return class_balanced_weights(positives, negatives, self.beta)
