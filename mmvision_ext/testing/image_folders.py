"""A generated dataset of one folder a class, which a model can learn."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image


def make_class_folders(
    root: str | Path,
    classes: Sequence[str],
    images_per_class: int = 7,
    size: int = 32,
    seed: int = 0,
) -> Path:
    """Write stripes of one colour and direction a class, with noise.

    Args:
        root: Folder to make; each class gets a folder in it.
        classes: Names of the classes.
        images_per_class: Images of each class, ``image_0001.jpg`` and so on.
        size: Height and width in pixels.
        seed: The same seed gives the same images.

    Returns:
        ``root`` as a path.
    """
    root = Path(root)
    rng = np.random.default_rng(seed)
    rows, cols = np.mgrid[:size, :size]
    for label, name in enumerate(classes):
        folder = root / name
        folder.mkdir(parents=True, exist_ok=True)
        angle = np.pi * label / len(classes)
        along = rows * np.sin(angle) + cols * np.cos(angle)
        colour = rng.uniform(60, 195, 3)
        for index in range(1, images_per_class + 1):
            stripes = 50 * np.sin(along + rng.uniform(0, 2 * np.pi))
            noise = rng.normal(0, 10, (size, size, 3))
            pixels = colour + stripes[..., None] + noise
            Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(
                folder / f'image_{index:04d}.jpg', quality=92
            )
    return root
