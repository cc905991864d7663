"""Focal loss: entries that are right already count less."""

import torch
from torch import nn
from torch.nn import functional as F

from mmvision_ext.registry import MODELS
from mmvision_ext.utils import InputError

from .labelled_mean import check_shapes, labelled_mean


def attribute_focal(
    logits: torch.Tensor,
    targets: torch.Tensor,
    mask: torch.Tensor | None = None,
    gamma: float = 2.0,
    alpha: float = 0.25,
) -> torch.Tensor:
    """Focal loss, the mean over known entries.

    With p the probability of an entry's label, the entry has
    ``-weight * (1 - p)^gamma * log(p)``; the weight is ``alpha`` for positives
    and ``1 - alpha`` for negatives.

    Args:
        logits: Shape (N, A).
        targets: Shape (N, A), 1 where an attribute is present, else 0.
        mask: bool (N, A), False where an entry is unknown; None has all.
        gamma: Exponent; 0 is weighted binary cross-entropy.
        alpha: Weight of positives.

    Returns:
        A scalar.

    Raises:
        InputError: If shapes differ.
    """
    check_shapes(logits, targets, mask)
    logits = logits.float()
    absent = torch.sigmoid(-logits)
    positive = alpha * absent.pow(gamma) * -F.logsigmoid(logits)
    negative = (1 - alpha) * torch.sigmoid(logits).pow(gamma)
    negative = negative * -F.logsigmoid(-logits)
    return labelled_mean(targets * positive + (1 - targets) * negative, mask)


@MODELS.register_module()
class AttributeFocalLoss(nn.Module):
    """Focal loss of attributes; see :func:`attribute_focal`.

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
        super().__init__()
        if gamma < 0 or not 0 <= alpha <= 1:
            raise InputError(
                'AttributeFocalLoss: expected gamma of at least 0 and alpha '
                f'in [0, 1], found gamma={gamma} and alpha={alpha}'
            )
        self.gamma = gamma
        self.alpha = alpha
        self.loss_weight = loss_weight

    def forward(
        self,
        logits: torch.Tensor,
        targets: torch.Tensor,
        mask: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Compute the loss.

        Args:
            logits: Shape (N, A).
            targets: Shape (N, A), 1 where an attribute is present, else 0.
            mask: bool (N, A), False where an entry is unknown.

        Returns:
            A scalar.
        """
        return self.loss_weight * attribute_focal(
            logits, targets, mask, self.gamma, self.alpha
        )
