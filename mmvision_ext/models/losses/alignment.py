"""Losses that bring two embeddings of one thing together."""

import torch
from torch import nn
from torch.nn import functional as F

from mmvision_ext.models.full_precision import full_precision
from mmvision_ext.registry import MODELS
from mmvision_ext.utils import InputError


def cosine_alignment(
    first: torch.Tensor, second: torch.Tensor
) -> torch.Tensor:
    """One minus the cosine of the angle between embeddings of one row.

    Args:
        first: Shape (N, D).
        second: Shape (N, D).

    Returns:
        The mean, a scalar in [0, 2]; 0 without rows.
    """
    distances = 1 - F.cosine_similarity(first.float(), second.float(), dim=1)
    return distances.sum() / max(len(distances), 1)


def contrastive_alignment(
    first: torch.Tensor,
    second: torch.Tensor,
    same: torch.Tensor,
    temperature: float | torch.Tensor = 0.07,
) -> torch.Tensor:
    """Symmetric contrastive loss of the cosine similarities.

    Each row is to find its partner among all rows of the other embedding;
    partners that are the same thing share its probability. Computed in
    float32, under autocast too.

    Args:
        first: Shape (N, D).
        second: Shape (N, D).
        same: bool (N, N), symmetric, True where two rows of ``second`` are
            the same thing; the diagonal is True.
        temperature: Divisor of the similarities.

    Returns:
        A scalar, at least 0; 0 for fewer than two rows.
    """
    with full_precision(first):
        first = F.normalize(first.float(), dim=1)
        second = F.normalize(second.float(), dim=1)
        logits = first @ second.T / temperature
    wanted = same.float() / same.sum(1, keepdim=True).clamp(min=1)
    forth = -(wanted * logits.log_softmax(1)).sum()
    back = -(wanted * logits.T.log_softmax(1)).sum()
    return (forth + back) / max(2 * len(logits), 1)


@MODELS.register_module()
class CosineAlignmentLoss(nn.Module):
    """Cosine distance of the two embeddings; see :func:`cosine_alignment`.

    Args:
        loss_weight: Factor of the loss.
    """

    def __init__(self, loss_weight: float = 0.1) -> None:
        super().__init__()
        self.loss_weight = loss_weight

    def forward(
        self, first: torch.Tensor, second: torch.Tensor, same: torch.Tensor
    ) -> torch.Tensor:
        """Compute the loss.

        Args:
            first: Shape (N, D).
            second: Shape (N, D).
            same: Not used.

        Returns:
            A scalar.
        """
        return self.loss_weight * cosine_alignment(first, second)


@MODELS.register_module()
class ContrastiveAlignmentLoss(nn.Module):
    """Contrastive loss of the two; see :func:`contrastive_alignment`.

    The loss and the temperature of Radford et al., "Learning Transferable
    Visual Models From Natural Language Supervision", ICML 2021; the
    temperature is not learned.

    Args:
        temperature: Divisor of the similarities, above 0.
        loss_weight: Factor of the loss.

    Raises:
        InputError: If the temperature is out of range.
    """

    def __init__(
        self, temperature: float = 0.07, loss_weight: float = 0.1
    ) -> None:
        super().__init__()
        if temperature <= 0:
            raise InputError(
                'ContrastiveAlignmentLoss: expected a temperature above 0, '
                f'found {temperature}'
            )
        self.temperature = temperature
        self.loss_weight = loss_weight

    def forward(
        self, first: torch.Tensor, second: torch.Tensor, same: torch.Tensor
    ) -> torch.Tensor:
        """Compute the loss.

        Args:
            first: Shape (N, D).
            second: Shape (N, D).
            same: bool (N, N), True where two rows of ``second`` are the same
                thing.

        Returns:
            A scalar.
        """
        return self.loss_weight * contrastive_alignment(
            first, second, same, self.temperature
        )
