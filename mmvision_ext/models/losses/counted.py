"""What the losses share that weigh attributes by their frequency."""

from abc import abstractmethod

import torch

from mmvision_ext.utils import InputError

from .attribute_bce import bce_entries
from .attribute_loss import AttributeLoss


class CountedBCELoss(AttributeLoss):
    """Binary cross-entropy with weights from counts of the training set.

    The counts come before the first step, from
    :class:`~mmvision_ext.engine.hooks.AttributeStatisticsHook`. They are no
    part of the state dict, so that a checkpoint fits whatever the loss.

    Args:
        loss_weight: Factor of the loss.
    """

    def __init__(self, loss_weight: float = 1.0) -> None:
        super().__init__(loss_weight)
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

    def entry_losses(
        self, logits: torch.Tensor, targets: torch.Tensor
    ) -> torch.Tensor:
        """Compute the weighted cross-entropy of every entry.

        Args:
            logits: float32 (N, A).
            targets: Shape (N, A), 1 where an attribute is present, else 0.

        Returns:
            Shape (N, A).

        Raises:
            InputError: If there are no counts yet.
        """
        if self.weights is None:
            raise InputError(
                f'{type(self).__name__}: expected counts of the training set '
                'before the first step, found none. Add '
                "dict(type='mmvision_ext.AttributeStatisticsHook') to "
                'custom_hooks.'
            )
        positive, negative = self.weights.to(logits.device)
        return bce_entries(logits, targets, positive, negative)
