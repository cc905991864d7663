"""Random flips of a whole batch."""

import torch
from torch import nn

from mmvision_ext.registry import TRANSFORMS


@TRANSFORMS.register_module()
class BatchRandomFlip(nn.Module):
    """Mirror each image left to right with a probability.

    Args:
        prob: The probability.
    """

    def __init__(self, prob: float = 0.5) -> None:
        super().__init__()
        self.prob = prob

    def forward(
        self, images: torch.Tensor, targets: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Augment a batch.

        Args:
            images: (B, C, H, W).
            targets: Labels, (B,), or soft targets, (B, K).

        Returns:
            Images of the same shape and type, and the targets.
        """
        chosen = torch.rand(len(images), device=images.device) < self.prob
        return flip_chosen(images, chosen), targets


def flip_chosen(images: torch.Tensor, chosen: torch.Tensor) -> torch.Tensor:
    """Mirror some images of a batch left to right.

    Args:
        images: (B, C, H, W).
        chosen: Which of them, bool, (B,).

    Returns:
        (B, C, H, W), of the same type.
    """
    return torch.where(chosen.view(-1, 1, 1, 1), images.flip(3), images)
