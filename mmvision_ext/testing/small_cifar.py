"""A small data set in each of the three forms of CIFAR-100."""

import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Form = Literal['pickles', 'folders', 'stacks']
SIZE = 32  # height and width, in pixels


def make_cifar(
    root: str | Path,
    form: Form,
    classes: Sequence[str] = ('apple', 'bear', 'whale'),
    train_images: int = 6,
    test_images: int = 4,
    seed: int = 0,
) -> Path:
    """Write images of one colour a class, with noise.

    Args:
        root: Folder to make.
        form: ``'pickles'`` (``cifar-100-python``), ``'folders'`` (a folder a
            class) or ``'stacks'`` (a file a class). The images are the same.
        classes: Names of the classes.
        train_images: Training images of each class.
        test_images: Test images of each class.
        seed: The same seed gives the same images.

    Returns:
        ``root`` as a path.
    """
    root = Path(root)
    rng = np.random.default_rng(seed)
    colours = rng.uniform(60, 195, (len(classes), 3))
    for split, count in (('train', train_images), ('test', test_images)):
        noise = rng.normal(0, 25, (len(classes), count, SIZE, SIZE, 3))
        pixels = colours[:, None, None, None] + noise
        images = np.clip(pixels, 0, 255).astype(np.uint8)
        if form == 'pickles':
            _write_pickle(root, split, images)
        elif form == 'folders':
            _write_folders(root / split, classes, images)
        else:
            _write_stacks(root / split, classes, images)
    if form == 'pickles':
        _dump(root, 'meta', dict(fine_label_names=list(classes)))
    return root


def _write_pickle(root: Path, split: str, images: NDArray[np.uint8]) -> None:
    """Write (C, N, 32, 32, 3) as one file."""
    count = images.shape[0] * images.shape[1]
    content = dict(
        data=images.transpose(0, 1, 4, 2, 3).reshape(count, -1),
        fine_labels=np.repeat(
            np.arange(len(images)), images.shape[1]
        ).tolist(),
        filenames=[f'{split}_{index:04d}.png' for index in range(count)],
    )
    _dump(root, split, content)


def _dump(root: Path, name: str, content: dict[str, Any]) -> None:
    folder = root / 'cifar-100-python'
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(pickle.dumps(content))


def _write_folders(
    folder: Path, classes: Sequence[str], images: NDArray[np.uint8]
) -> None:
    """Write (C, N, 32, 32, 3) as a PNG file an image."""
    for name, pictures in zip(classes, images, strict=True):
        (folder / name).mkdir(parents=True)
        for index, picture in enumerate(pictures):
            path = folder / name / f'{index:04d}.png'
            Image.fromarray(picture).save(path)


def _write_stacks(
    folder: Path, classes: Sequence[str], images: NDArray[np.uint8]
) -> None:
    """Write (C, N, 32, 32, 3) as a lossless WebP file a class."""
    folder.mkdir(parents=True)
    for name, pictures in zip(classes, images, strict=True):
        stack = Image.fromarray(pictures.reshape(-1, SIZE, 3))
        stack.save(folder / f'{name}.webp', lossless=True, exact=True)
