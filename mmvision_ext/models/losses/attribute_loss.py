"""What all losses of attributes share: the mask, the mean, the weight."""

from abc import abstractmethod

import torch
from torch import nn

from .labelled_mean import check_shapes, labelled_mean


def modulating_factor(error: torch.Tensor, gamma: float) -> torch.Tensor:
    """Factor by which entries that are right already count less.

    Args:
        error: Distance of the probability from the label, in [0, 1], any
            shape.
        gamma: Exponent, at least 0.

    Returns:
        ``error^gamma``, of the same shape. Its slope is 0, not infinite,
        where the error is less than the smallest normal number, so that
        ``0 < gamma < 1`` gives no NaN gradient.
    """
    return error.clamp(min=torch.finfo(error.dtype).tiny).pow(gamma)


class AttributeLoss(nn.Module):
    """Mean of a loss of single entries over the known ones.

    A subclass says what one entry costs, in :meth:`entry_losses`.

    Args:
        loss_weight: Factor of the loss.
    """

    def __init__(self, loss_weight: float = 1.0) -> None:
        super().__init__()
        self.loss_weight = loss_weight

    @abstractmethod
    def entry_losses(
        self, logits: torch.Tensor, targets: torch.Tensor
    ) -> torch.Tensor:
        """Compute the loss of every entry, known or not.

        Args:
            logits: float32 (N, A).
            targets: Shape (N, A), 1 where an attribute is present, else 0.

        Returns:
            Shape (N, A).
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
            targets: Shape (N, A), 1 where an attribute is present, else 0;
                anything where the mask is False, NaN as well.
            mask: bool (N, A), False where an entry is unknown; None has all.

        Returns:
            A scalar; 0, with a gradient of 0, where nothing is known.

        Raises:
            InputError: If shapes differ or the mask is not boolean.
        """
        check_shapes(logits, targets, mask)
        if mask is not None:
            # not only in the mean: 0 * NaN is NaN in the gradient
            targets = torch.where(mask, targets, targets.new_zeros(()))
        losses = self.entry_losses(logits.float(), targets)
        return self.loss_weight * labelled_mean(losses, mask)
