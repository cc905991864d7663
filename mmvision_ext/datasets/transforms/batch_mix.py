"""Images of a batch are mixed with each other, and so are their labels."""

import torch
from torch import nn
from torchvision.transforms import v2

from mmvision_ext.registry import TRANSFORMS


@TRANSFORMS.register_module()
class BatchMixup(nn.Module):
    """Blend each image with another (https://arxiv.org/abs/1710.09412).

    torchvision's, on whole batches: one weight a batch, from Beta(alpha,
    alpha) and drawn on the CPU; the partner is the image before, so batches
    have to be shuffled.

    Args:
        alpha: Parameter of the Beta distribution.
        num_classes: Number of classes, K.
    """

    def __init__(self, alpha: float, num_classes: int) -> None:
        super().__init__()
        self.mix = v2.MixUp(alpha=alpha, num_classes=num_classes)

    def forward(
        self, images: torch.Tensor, targets: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Augment a batch.

        Args:
            images: (B, C, H, W).
            targets: Labels, (B,), or soft targets, (B, K).

        Returns:
            Images of the same shape, float32, and soft targets, (B, K).
        """
        return self.mix(images.float(), targets)


@TRANSFORMS.register_module()
class BatchCutMix(nn.Module):
    """Paste a rectangle of another image (https://arxiv.org/abs/1905.04899).

    torchvision's, on whole batches: one rectangle a batch, whose area would be
    Beta(alpha, alpha) if none stuck out; labels weigh as the areas that can be
    seen. The partner is the image before, so batches have to be shuffled.

    Args:
        alpha: Parameter of the Beta distribution.
        num_classes: Number of classes, K.
    """

    def __init__(self, alpha: float, num_classes: int) -> None:
        super().__init__()
        self.mix = v2.CutMix(alpha=alpha, num_classes=num_classes)

    def forward(
        self, images: torch.Tensor, targets: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Augment a batch.

        Args:
            images: (B, C, H, W).
            targets: Labels, (B,), or soft targets, (B, K).

        Returns:
            Images of the same shape and type, and soft targets, (B, K).
        """
        return self.mix(images, targets)
