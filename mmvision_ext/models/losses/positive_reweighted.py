"""Binary cross-entropy whose rare positives count more."""

import torch

from mmvision_ext.registry import MODELS
from mmvision_ext.utils import InputError

from .counted import CountedBCELoss


def positive_weights(
    positives: torch.Tensor, negatives: torch.Tensor, max_weight: float
) -> torch.Tensor:
    """Negatives for each positive.

    Args:
        positives: Number of known positives of each attribute, (A,).
        negatives: Number of known negatives, (A,).
        max_weight: The largest weight.

    Returns:
        Weights of the positive terms, (A,), from 1 / ``max_weight`` to
        ``max_weight``; 1 for attributes without positives.
    """
    ratio = negatives / positives.clamp(min=1)
    ratio = ratio.clamp(1 / max_weight, max_weight)
    return torch.where(positives > 0, ratio, torch.ones_like(ratio))


@MODELS.register_module()
class PositiveReweightedBCELoss(CountedBCELoss):
    """Positives of an attribute weigh as much as its negatives in sum.

    Args:
        max_weight: The largest weight of a positive, at least 1: the few
            positives of the rarest attributes would rule the gradient.
        loss_weight: Factor of the loss.

    Raises:
        InputError: If a number is out of range.
    """

    def __init__(
        self, max_weight: float = 20.0, loss_weight: float = 1.0
    ) -> None:
        super().__init__(loss_weight)
        if max_weight < 1:
            raise InputError(
                'PositiveReweightedBCELoss: expected max_weight of at least '
                f'1, found {max_weight}'
            )
        self.max_weight = max_weight

    def weights_of(
        self, positives: torch.Tensor, negatives: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Weights by counts.

        Args:
            positives: Number of known positives of each attribute, (A,).
            negatives: Number of known negatives, (A,).

        Returns:
            Weights of the positive terms, (A,), and ones.
        """
        weights = positive_weights(positives, negatives, self.max_weight)
        return weights, torch.ones_like(weights)
