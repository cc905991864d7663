"""CIFAR-100 from disk as arrays, whatever form it lies there in."""

from dataclasses import dataclass
from os.path import expanduser
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .cifar_layouts import SOURCE, FolderLayout, Layout, StackLayout
from .cifar_pickles import FOLDER, PickleLayout
from .errors import DatasetError
from .image_folders import SPLITS, Split
from .metadata import load_metadata

CLASSES: tuple[str, ...] = load_metadata('cifar100')['classes']
COMPLETE: dict[Split, int] = dict(train=500, test=100)  # images a class
_WORDS: dict[Split, str] = dict(train='training', test='test')


@dataclass(frozen=True)
class ImageArrays:
    """One split of a data set of small images.

    Attributes:
        images: uint8, (N, 3, 32, 32), RGB.
        labels: Indices into ``classes``, int64, (N,).
        classes: Names of the classes.
        names: Name of each image, N of them.
        protocol: How many of the images are used, a line that belongs beside
            every accuracy. That of a test split names the training images
            as well.
        form: Form in which the data lie on disk.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    classes: tuple[str, ...]
    names: list[str]
    protocol: str
    form: str


def read_cifar(
    data_root: str | Path,
    split: Split,
    images_per_class: int | None = None,
    train_images_per_class: int | None = None,
) -> ImageArrays:
    """Read a split of CIFAR-100, complete or cut.

    Args:
        data_root: Folder that holds one of, in this order,
            ``cifar-100-python``, ``{train,test}/<class>/*.png`` and
            ``{train,test}/<class>.webp`` (the images of a class below each
            other).
        split: ``'train'`` or ``'test'``.
        images_per_class: Keep the first so many images of each class; None
            keeps all.
        train_images_per_class: For a test split, ``images_per_class`` of the
            training; its protocol names it.

    Returns:
        The images, in the order of the files, and what belongs to them.

    Raises:
        DatasetError: If an argument or the data cannot be used.
    """
    if split not in SPLITS:
        raise DatasetError(
            f"split: expected 'train' or 'test', found {split!r}"
        )
    if images_per_class is not None and images_per_class < 1:
        raise DatasetError(
            f'images_per_class: expected at least 1, found {images_per_class}'
        )
    layout = find_layout(Path(expanduser(data_root)))
    images, labels, names = layout.read(split)
    if images_per_class is not None:
        kept = np.flatnonzero(_position_in_class(labels) < images_per_class)
        images, labels = images[kept], labels[kept]
        names = [names[index] for index in kept]
    cuts = {'train': train_images_per_class, split: images_per_class}
    stated = [
        _amount(which, layout.counts(which), layout.classes, cuts[which])
        for which in (SPLITS if split == 'test' else ('train',))
    ]
    return ImageArrays(
        images,
        labels,
        layout.classes,
        names,
        f'{" and ".join(stated)} images a class',
        layout.form,
    )


def find_layout(root: Path) -> Layout:
    """Find the form in which a folder holds the data.

    Args:
        root: The folder.

    Returns:
        The first of: ``cifar-100-python``, class folders, stacked files.

    Raises:
        DatasetError: If there is none of them, or its classes are not the
            same in training and test.
    """
    if (root / FOLDER).is_dir():
        return PickleLayout(root)
    if all((root / split).is_dir() for split in SPLITS):
        if any(path.is_dir() for path in (root / 'train').iterdir()):
            return FolderLayout(root)
        if any((root / 'train').glob('*.webp')):
            return StackLayout(root)
    if root.is_dir():
        names = sorted(path.name for path in root.iterdir())
        found = f'a folder with {", ".join(names[:5]) or "nothing in it"}'
    else:
        found = 'no such folder'
    raise DatasetError(
        f"data_root: expected CIFAR-100 in '{root}', as "
        f'{FOLDER}/{{train,test,meta}}, as {{train,test}}/<class>/*.png, or '
        f'as {{train,test}}/<class>.webp (the images of a class below each '
        f'other); found {found}. Unpack {SOURCE} there, or set data_root to '
        'the folder that holds the data.'
    )


def _position_in_class(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many images of the same class come before, shape (N,)."""
    order = np.argsort(labels, kind='stable')
    sorted_labels = labels[order]
    starts = np.searchsorted(sorted_labels, sorted_labels)
    position = np.empty_like(labels)
    position[order] = np.arange(len(labels)) - starts
    return position


def _amount(
    split: Split,
    counts: NDArray[np.int64],
    classes: tuple[str, ...],
    cut: int | None,
) -> str:
    """Such as ``'100 of 500 training'``."""
    if cut is not None:
        counts = np.minimum(counts, cut)
    low, high = int(counts.min()), int(counts.max())
    amount = str(low) if low == high else f'{low} to {high}'
    if classes != CLASSES:  # other data: how many there are is not known
        return f'{amount} {_WORDS[split]}'
    if low == high == COMPLETE[split]:
        return f'all {amount} {_WORDS[split]}'
    return f'{amount} of {COMPLETE[split]} {_WORDS[split]}'
