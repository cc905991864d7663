"""What the losses share that weigh attributes by their frequency."""

from abc import abstractmethod

import torch
from torch import nn

from mmvision_ext.utils import InputError

from .attribute_bce import attribute_bce


class CountedBCELoss(nn.Module):
    """Binary cross-entropy with weights from counts of the training set.

    The counts come before the first step, from
    :class:`~mmvision_ext.engine.hooks.AttributeStatisticsHook`. They are no
    part of the state dict, so that a checkpoint fits whatever the loss.

    Args:
        loss_weight: Factor of the loss.
    """

    def __init__(self, loss_weight: float = 1.0) -> None:
        super().__init__()
        self.loss_weight = loss_weight
        self.weights: torch.Tensor | None
        self.register_buffer('weights', None, persistent=False)

    def set_counts(
        self, positives: torch.Tensor, negatives: torch.Tensor
    ) -> None:
        """Take the counts of the training set.

        Args:
            positives: Number of known positives of each attribute, (A,).
            negatives: Number of known negatives, (A,).
        """
        weights = self.weights_of(positives.double(), negatives.double())
        self.weights = torch.stack(weights).float().to(positives.device)

    @abstractmethod
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

        Raises:
            InputError: If there are no counts yet, or shapes differ.
        """
        if self.weights is None:
            raise InputError(
                f'{type(self).__name__}: expected counts of the training set '
                'before the first step, found none. Add '
                "dict(type='mmvision_ext.AttributeStatisticsHook') to "
                'custom_hooks.'
            )
        positive, negative = self.weights.to(logits.device)
        return self.loss_weight * attribute_bce(
            logits, targets, mask, positive, negative
        )
