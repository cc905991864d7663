"""Binary cross-entropy over the entries that have a label."""

import torch
from torch.nn import functional as F

from mmvision_ext.registry import MODELS

from .attribute_loss import AttributeLoss


def bce_entries(
    logits: torch.Tensor,
    targets: torch.Tensor,
    positive_weight: torch.Tensor | None = None,
    negative_weight: torch.Tensor | None = None,
) -> torch.Tensor:
    """Binary cross-entropy of every entry.

    Args:
        logits: Shape (N, A).
        targets: Shape (N, A), 1 where an attribute is present, else 0.
        positive_weight: Weight of each attribute's positive term, (A,);
            None is 1.
        negative_weight: The same of the negative term.

    Returns:
        Shape (N, A).
    """
    positive = -targets * F.logsigmoid(logits)
    negative = -(1 - targets) * F.logsigmoid(-logits)
    if positive_weight is not None:
        positive = positive * positive_weight
    if negative_weight is not None:
        negative = negative * negative_weight
    return positive + negative


@MODELS.register_module()
class AttributeBCELoss(AttributeLoss):
    """Binary cross-entropy of attributes; see :func:`bce_entries`.

    Args:
        loss_weight: Factor of the loss.
    """

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
        return bce_entries(logits, targets)
