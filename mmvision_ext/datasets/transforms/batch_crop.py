"""Random crops of a whole batch."""

import torch
from torch import nn

from mmvision_ext.registry import TRANSFORMS
from mmvision_ext.utils import InputError


@TRANSFORMS.register_module()
class BatchRandomCrop(nn.Module):
    """Shift each image by up to ``padding`` pixels, its border reflected.

    The same as padding with reflection and cropping at random to the former
    size.

    Args:
        padding: Largest shift to each side, in pixels.
    """

    def __init__(self, padding: int = 4) -> None:
        super().__init__()
        self.padding = padding

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
        offsets = torch.randint(
            2 * self.padding + 1, (len(images), 2), device=images.device
        )
        return crop_reflected(images, offsets, self.padding), targets


def crop_reflected(
    images: torch.Tensor, offsets: torch.Tensor, padding: int
) -> torch.Tensor:
    """Pad images with their reflection and crop them to their size.

    Args:
        images: (B, C, H, W).
        offsets: Row and column of each crop's first pixel in the padded
            image, from 0 to ``2 * padding``, int64, (B, 2).
        padding: Pixels added to each side; less than H and W.

    Returns:
        (B, C, H, W), of the same type.

    Raises:
        InputError: If the images are too small for the padding.
    """
    batch, channels, height, width = images.shape
    if padding >= min(height, width):
        raise InputError(
            f'padding: expected less than the {min(height, width)} px of the '
            f'images, found {padding}'
        )
    rows = _reflected(offsets[:, :1] - padding, height)
    columns = _reflected(offsets[:, 1:] - padding, width)
    pixels = rows[:, :, None] * width + columns[:, None, :]
    return (
        images.flatten(2)
        .gather(2, pixels.view(batch, 1, -1).expand(-1, channels, -1))
        .view_as(images)
    )


def _reflected(start: torch.Tensor, length: int) -> torch.Tensor:
    """Positions from (B, 1) on, mirrored at the ends, (B, length)."""
    positions = start + torch.arange(length, device=start.device)
    last = length - 1
    return last - (last - positions.abs()).abs()
