"""Random rectangles of a whole batch are filled."""

from collections.abc import Sequence
from math import log

import torch
from torch import nn

from mmvision_ext.registry import TRANSFORMS


@TRANSFORMS.register_module()
class BatchCutout(nn.Module):
    """Fill a square of each image (https://arxiv.org/abs/1708.04552).

    Its centre is drawn from all pixels, so that a part of it may lie outside.

    Args:
        size: Side of the square in pixels.
        fill: Value of each channel in the square, from 0 to 255; the data's
            mean becomes 0 when it is normalised.
        prob: Probability for each image.
    """

    fill: torch.Tensor

    def __init__(
        self, size: int, fill: Sequence[float], prob: float = 1.0
    ) -> None:
        super().__init__()
        self.size = size
        self.prob = prob
        self.register_buffer('fill', _channels(fill), persistent=False)

    def forward(
        self, images: torch.Tensor, targets: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Augment a batch.

        Args:
            images: (B, C, H, W), values from 0 to 255.
            targets: Labels, (B,), or soft targets, (B, K).

        Returns:
            Images of the same shape and type, and the targets.
        """
        height, width = images.shape[2:]
        share = torch.rand(3, len(images), device=images.device)
        top = (share[0] * height).long() - self.size // 2
        left = (share[1] * width).long() - self.size // 2
        side = self.size * (share[2] < self.prob).long()
        boxes = torch.stack([top, left, top + side, left + side], dim=1)
        return erase(images, boxes, self.fill), targets


@TRANSFORMS.register_module()
class BatchRandomErasing(nn.Module):
    """Fill a rectangle of some images (https://arxiv.org/abs/1708.04896).

    The rectangle lies within the image; one that would be too high or too
    wide for it is cut.

    Args:
        fill: Value of each channel in the rectangle, from 0 to 255.
        fill_std: Each pixel is drawn from a normal distribution with this
            deviation around ``fill``; None fills evenly.
        prob: Probability for each image.
        area: Smallest and largest area, over the image's.
        max_aspect: Largest height over width, and width over height.
    """

    fill: torch.Tensor
    fill_std: torch.Tensor | None

    def __init__(
        self,
        fill: Sequence[float],
        fill_std: Sequence[float] | None = None,
        prob: float = 0.25,
        area: tuple[float, float] = (0.02, 1 / 3),
        max_aspect: float = 10 / 3,
    ) -> None:
        super().__init__()
        self.prob = prob
        self.area = area
        self.max_aspect = max_aspect
        self.register_buffer('fill', _channels(fill), persistent=False)
        self.register_buffer(
            'fill_std',
            None if fill_std is None else _channels(fill_std),
            persistent=False,
        )

    def forward(
        self, images: torch.Tensor, targets: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Augment a batch.

        Args:
            images: (B, C, H, W), values from 0 to 255.
            targets: Labels, (B,), or soft targets, (B, K).

        Returns:
            Images of the same shape and type, and the targets.
        """
        boxes = self._boxes(images)
        values = self.fill
        if self.fill_std is not None:
            noise = torch.randn(images.shape, device=images.device)
            values = (values + self.fill_std * noise).clamp_(0, 255)
        return erase(images, boxes, values), targets

    def _boxes(self, images: torch.Tensor) -> torch.Tensor:
        """Draw the rectangles, (B, 4); empty where nothing is erased."""
        height, width = images.shape[2:]
        share = torch.rand(5, len(images), device=images.device)
        low, high = self.area
        area = (low + share[0] * (high - low)) * height * width
        aspect = ((2 * share[1] - 1) * log(self.max_aspect)).exp()
        rows = (area * aspect).sqrt().round().clamp(max=height)
        columns = (area / aspect).sqrt().round().clamp(max=width)
        rows = rows * (share[2] < self.prob)
        top = (share[3] * (height - rows + 1)).floor()
        left = (share[4] * (width - columns + 1)).floor()
        return torch.stack([top, left, top + rows, left + columns], dim=1)


def erase(
    images: torch.Tensor, boxes: torch.Tensor, values: torch.Tensor
) -> torch.Tensor:
    """Fill a rectangle of each image.

    Args:
        images: (B, C, H, W).
        boxes: Top, left, bottom and right edge of each rectangle in pixels,
            the last two exclusive, (B, 4); parts outside are passed over.
        values: What to fill with, of a shape that broadcasts to the images'.

    Returns:
        (B, C, H, W), of the same type; for uint8 the values are rounded.
    """
    rows = torch.arange(images.shape[2], device=images.device)
    columns = torch.arange(images.shape[3], device=images.device)
    top, left, bottom, right = boxes.unsqueeze(2).unbind(1)
    inside_rows = (rows >= top) & (rows < bottom)
    inside_columns = (columns >= left) & (columns < right)
    inside = inside_rows[:, None, :, None] & inside_columns[:, None, None, :]
    if not images.is_floating_point():
        values = values.round()
    return torch.where(inside, values.to(images.dtype), images)


def _channels(values: Sequence[float]) -> torch.Tensor:
    """One value a channel, float32, (C, 1, 1)."""
    return torch.tensor(values, dtype=torch.float32).view(-1, 1, 1)
