"""Affine maps of a whole batch, another for each image."""

import torch
import torch.nn.functional as F


def transform(
    images: torch.Tensor, maps: torch.Tensor, fill: torch.Tensor
) -> torch.Tensor:
    """Map images, bilinearly.

    Args:
        images: (B, C, H, W), float.
        maps: Where each output pixel comes from: rows (a, b, c) and (d, e, f)
            take the position (x, y) in the output to (a x + b y + c,
            d x + e y + f) in the input, both in pixels from the centre, x to
            the right and y downwards; (B, 2, 3).
        fill: Values of what comes from outside, (C, 1, 1).

    Returns:
        (B, C, H, W), float.
    """
    height, width = images.shape[2:]
    ratio = height / width
    (a, b, c), (d, e, f) = (row.unbind(1) for row in maps.unbind(1))
    # grid_sample's unit is half the width and half the height.
    theta = torch.stack(
        [a, b * ratio, c * 2 / width, d / ratio, e, f * 2 / height], dim=1
    )
    grid = F.affine_grid(
        theta.view(-1, 2, 3), list(images.shape), align_corners=False
    )
    # Outside is 0, so that the border blends with the fill.
    moved = F.grid_sample(images - fill, grid, align_corners=False)
    return moved + fill
