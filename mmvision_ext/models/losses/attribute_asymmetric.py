"""Asymmetric loss: easy negatives count less, the easiest not at all."""

import torch
from torch.nn import functional as F

from mmvision_ext.registry import MODELS
from mmvision_ext.utils import InputError

from .attribute_loss import AttributeLoss, modulating_factor


def asymmetric_entries(
    logits: torch.Tensor,
    targets: torch.Tensor,
    gamma_negative: float = 4.0,
    gamma_positive: float = 0.0,
    margin: float = 0.05,
) -> torch.Tensor:
    """Asymmetric loss of every entry.

    With p the probability of an attribute and q = max(p - margin, 0),
    positives have ``-(1 - p)^gamma_positive * log(p)`` and negatives
    ``-q^gamma_negative * log(1 - q)``.

    Args:
        logits: Shape (N, A).
        targets: Shape (N, A), 1 where an attribute is present, else 0.
        gamma_negative: Exponent of negatives.
        gamma_positive: Exponent of positives.
        margin: Probability up to which a negative gives no loss.

    Returns:
        Shape (N, A).
    """
    present, absent = torch.sigmoid(logits), torch.sigmoid(-logits)
    positive = modulating_factor(absent, gamma_positive)
    positive = positive * -F.logsigmoid(logits)
    if margin:
        log_absent = (absent + margin).clamp(max=1).log()
    else:  # absent may be too small for log
        log_absent = F.logsigmoid(-logits)
    negative = modulating_factor(present - margin, gamma_negative)
    negative = negative * -log_absent
    return targets * positive + (1 - targets) * negative


@MODELS.register_module()
class AttributeAsymmetricLoss(AttributeLoss):
    """Asymmetric loss of attributes; see :func:`asymmetric_entries`.

    Ridnik et al., "Asymmetric Loss For Multi-Label Classification", ICCV
    2021. The paper sums over the attributes of an image; this is a mean.

    Args:
        gamma_negative: Exponent of negatives, at least 0.
        gamma_positive: Exponent of positives, at least 0.
        margin: Probability up to which a negative gives no loss, in [0, 1).
        loss_weight: Factor of the loss.

    Raises:
        InputError: If a number is out of range.
    """

    def __init__(
        self,
        gamma_negative: float = 4.0,
        gamma_positive: float = 0.0,
        margin: float = 0.05,
        loss_weight: float = 1.0,
    ) -> None:
        super().__init__(loss_weight)
        if min(gamma_negative, gamma_positive) < 0 or not 0 <= margin < 1:
            raise InputError(
                'AttributeAsymmetricLoss: expected exponents of at least 0 '
                f'and margin in [0, 1), found {gamma_negative=}, '
                f'{gamma_positive=} and {margin=}'
            )
        self.gamma_negative = gamma_negative
        self.gamma_positive = gamma_positive
        self.margin = margin

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
        return asymmetric_entries(
            logits,
            targets,
            self.gamma_negative,
            self.gamma_positive,
            self.margin,
        )
