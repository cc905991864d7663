"""Contrastive loss of images and the words that they show."""

import torch
from torch import nn

from mmvision_ext.registry import MODELS


def image_word_contrast(
    logits: torch.Tensor, targets: torch.Tensor
) -> torch.Tensor:
    """Cross-entropy of each image over words; its own words share the mass.

    The contrastive loss with several positives of Khosla et al., "Supervised
    Contrastive Learning", NeurIPS 2020, with words in the place of images.

    Args:
        logits: Scaled cosines, shape (N, K).
        targets: 1 where an image shows a word, else 0, shape (N, K).

    Returns:
        The mean over the images that show a word, a scalar; 0 where none does.
    """
    targets = targets.float()
    shown = targets.sum(1)
    log_probability = logits.float().log_softmax(1)
    losses = -(log_probability * targets).sum(1) / shown.clamp(min=1)
    return losses.sum() / (shown > 0).sum().clamp(min=1)


@MODELS.register_module()
class ImageWordContrastLoss(nn.Module):
    """Contrast of images and words; see :func:`image_word_contrast`.

    Args:
        loss_weight: Factor of the loss.
    """

    def __init__(self, loss_weight: float = 1.0) -> None:
        super().__init__()
        self.loss_weight = loss_weight

    def forward(
        self, logits: torch.Tensor, targets: torch.Tensor
    ) -> torch.Tensor:
        """Compute the loss.

        Args:
            logits: Scaled cosines, shape (N, K).
            targets: 1 where an image shows a word, else 0, shape (N, K).

        Returns:
            A scalar.
        """
        return self.loss_weight * image_word_contrast(logits, targets)
