"""Changes of colour of a whole batch, of another strength for each image."""

import torch


def grey(images: torch.Tensor) -> torch.Tensor:
    """Luma by ITU-R 601.

    Args:
        images: (B, 3, H, W), RGB, float.

    Returns:
        (B, 1, H, W), float.
    """
    red, green, blue = images.split(1, dim=1)
    return 0.299 * red + 0.587 * green + 0.114 * blue


def smooth(images: torch.Tensor) -> torch.Tensor:
    """Images after Pillow's SMOOTH filter: 5 of 13 parts are the pixel's own.

    Args:
        images: (B, C, H, W), float.

    Returns:
        (B, C, H, W), float; the outermost pixels are left as they are.
    """
    columns = images[..., :-2] + images[..., 1:-1] + images[..., 2:]
    sums = columns[..., :-2, :] + columns[..., 1:-1, :] + columns[..., 2:, :]
    result = images.clone()
    result[..., 1:-1, 1:-1] = (sums + 4 * images[..., 1:-1, 1:-1]) / 13
    return result


def blend(
    images: torch.Tensor, others: torch.Tensor, factors: torch.Tensor
) -> torch.Tensor:
    """Move images away from others, or towards them.

    Args:
        images: (B, C, H, W), float, values from 0 to 255.
        others: The same, or of a shape that broadcasts to it.
        factors: 1 gives the images, 0 the others, more than 1 exaggerates
            what sets them apart; (B,).

    Returns:
        (B, C, H, W), float, from 0 to 255.
    """
    weights = factors.view(-1, 1, 1, 1)
    return (others + weights * (images - others)).clamp(0, 255)


def posterize(images: torch.Tensor, bits: torch.Tensor) -> torch.Tensor:
    """Keep the highest bits of each value.

    Args:
        images: (B, C, H, W), float, whole values from 0 to 255.
        bits: How many of the eight to keep, (B,).

    Returns:
        (B, C, H, W), float, whole values.
    """
    step = torch.exp2(8 - bits).view(-1, 1, 1, 1)
    return (images / step).floor() * step


def solarize(images: torch.Tensor, thresholds: torch.Tensor) -> torch.Tensor:
    """Invert the values from a threshold on.

    Args:
        images: (B, C, H, W), float, values from 0 to 255.
        thresholds: The thresholds, (B,).

    Returns:
        (B, C, H, W), float.
    """
    bright = images >= thresholds.view(-1, 1, 1, 1)
    return torch.where(bright, 255 - images, images)
