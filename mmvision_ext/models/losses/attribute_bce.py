"""Binary cross-entropy over the entries that have a label."""

import torch
from torch import nn
from torch.nn import functional as F

from mmvision_ext.registry import MODELS

from .labelled_mean import check_shapes, labelled_mean


def attribute_bce(
    logits: torch.Tensor,
    targets: torch.Tensor,
    mask: torch.Tensor | None = None,
    positive_weight: torch.Tensor | None = None,
    negative_weight: torch.Tensor | None = None,
) -> torch.Tensor:
    """Binary cross-entropy, the mean over known entries.

    Args:
        logits: Shape (N, A).
        targets: Shape (N, A), 1 where an attribute is present, else 0.
        mask: bool (N, A), False where an entry is unknown; None has all.
        positive_weight: Weight of each attribute's positive term, (A,);
            None is 1.
        negative_weight: The same of the negative term.

    Returns:
        A scalar.

    Raises:
        InputError: If shapes differ.
    """
    check_shapes(logits, targets, mask)
    logits = logits.float()
    positive = -targets * F.logsigmoid(logits)
    negative = -(1 - targets) * F.logsigmoid(-logits)
    if positive_weight is not None:
        positive = positive * positive_weight
    if negative_weight is not None:
        negative = negative * negative_weight
    return labelled_mean(positive + negative, mask)


@MODELS.register_module()
class AttributeBCELoss(nn.Module):
    """Binary cross-entropy of attributes; see :func:`attribute_bce`.

    Args:
        loss_weight: Factor of the loss.
    """

    def __init__(self, loss_weight: float = 1.0) -> None:
        super().__init__()
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
        return self.loss_weight * attribute_bce(logits, targets, mask)
