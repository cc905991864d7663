"""Heat maps on images."""

import matplotlib
import numpy as np
from numpy.typing import NDArray

from .draw import Picture

OPACITY = 0.55


def overlay_heat(image: Picture, heat: NDArray[np.floating]) -> Picture:
    """Lay a heat map over an image: red is hot, what is cold stays clear.

    Args:
        image: RGB, shape (H, W, 3), uint8.
        heat: From 0 to 1, shape (H, W).

    Returns:
        RGB, shape (H, W, 3), uint8.

    Raises:
        ValueError: The shapes differ.
    """
    if heat.shape != image.shape[:2]:
        raise ValueError(
            f'heat: expected the shape of the image, {image.shape[:2]}, '
            f'found {heat.shape}.'
        )
    heat = np.clip(heat, 0, 1)
    colors = matplotlib.colormaps['turbo'](heat)[..., :3] * 255
    opacity = OPACITY * np.sqrt(heat)[..., None]
    mixed = image * (1 - opacity) + colors * opacity
    return mixed.round().astype(np.uint8)
