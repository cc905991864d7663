"""Focal loss: entries that are right already count less."""

import torch
from torch.nn import functional as F

from mmvision_ext.registry import MODELS
from mmvision_ext.utils import InputError

from .attribute_loss import AttributeLoss, modulating_factor


def focal_entries(
    logits: torch.Tensor,
    targets: torch.Tensor,
    gamma: float = 2.0,
    alpha: float = 0.25,
) -> torch.Tensor:
    """Focal loss of every entry.

    With p the probability of an entry's label, the entry has
    ``-weight * (1 - p)^gamma * log(p)``; the weight is ``alpha`` for positives
    and ``1 - alpha`` for negatives.

    Args:
        logits: Shape (N, A).
        targets: Shape (N, A), 1 where an attribute is present, else 0.
        gamma: Exponent; 0 is weighted binary cross-entropy.
        alpha: Weight of positives.

    Returns:
        Shape (N, A).
    """
    absent = modulating_factor(torch.sigmoid(-logits), gamma)
    present = modulating_factor(torch.sigmoid(logits), gamma)
    positive = alpha * absent * -F.logsigmoid(logits)
    negative = (1 - alpha) * present * -F.logsigmoid(-logits)
    return targets * positive + (1 - targets) * negative


@MODELS.register_module()
class AttributeFocalLoss(AttributeLoss):
    """Focal loss of attributes; see :func:`focal_entries`.

    Lin et al., "Focal Loss for Dense Object Detection", ICCV 2017.

    Args:
        gamma: Exponent, at least 0.
        alpha: Weight of positives, in [0, 1].
        loss_weight: Factor of the loss.

    Raises:
        InputError: If a number is out of range.
    """

    def __init__(
        self, gamma: float = 2.0, alpha: float = 0.25, loss_weight: float = 1.0
    ) -> None:
        super().__init__(loss_weight)
        if gamma < 0 or not 0 <= alpha <= 1:
            raise InputError(
                'AttributeFocalLoss: expected gamma of at least 0 and alpha '
                f'in [0, 1], found gamma={gamma} and alpha={alpha}'
            )
        self.gamma = gamma
        self.alpha = alpha

    def entry_losses(
        self, logits: torch.Tensor, targets: torch.Tensor
    ) -> torch.Tensor:
        """Compute the loss of every entry.

        Args:
            logits: float32 (N, A).
            targets: Shape (N, A), 1 where an attribute is present, else 0.

        Returns:
            Shape (N, A).
        """
        return focal_entries(logits, targets, self.gamma, self.alpha)
