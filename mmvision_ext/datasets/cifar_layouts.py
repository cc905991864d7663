"""CIFAR-100 as class folders and as stacked files."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .errors import DatasetError
from .image_folders import SPLITS, Split, class_folders, images_of

SIZE = 32  # height and width of the images, in pixels
SOURCE = (
    'https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz '
    '(md5 eb9058c3a382ffc7106e4002c42a8d85)'
)

#: Images uint8 (N, 3, 32, 32), RGB; labels int64 (N,); a name for each image.
Content: TypeAlias = tuple[NDArray[np.uint8], NDArray[np.int64], list[str]]


class Layout(Protocol):
    """One form of the data on disk.

    Attributes:
        form: What it is called in the log.
        classes: Names of the classes; a label is an index into them.
    """

    form: str
    classes: tuple[str, ...]

    def counts(self, split: Split) -> NDArray[np.int64]:
        """Count the images of each class.

        Args:
            split: ``'train'`` or ``'test'``.

        Returns:
            Numbers of images, shape (C,).
        """

    def read(self, split: Split) -> Content:
        """Read all images of a split.

        Args:
            split: ``'train'`` or ``'test'``.

        Returns:
            Images, labels and names, see :data:`Content`.
        """


class FolderLayout:
    """A folder for each class in ``train`` and in ``test``.

    Args:
        root: Folder that holds ``train`` and ``test``.

    Raises:
        DatasetError: If a class folder is missing in one of the two.
    """

    form = 'class folders'

    def __init__(self, root: Path) -> None:
        self._root = root
        self.classes = _common_classes(
            root, {split: class_folders(root / split) for split in SPLITS}
        )

    def counts(self, split: Split) -> NDArray[np.int64]:
        """Count the images of each class, see :class:`Layout`."""
        return np.array([len(files) for files in self._files(split)])

    def read(self, split: Split) -> Content:
        """Read all images of a split, see :class:`Layout`."""
        images, labels, names = [], [], []
        for label, files in enumerate(self._files(split)):
            for path in files:
                images.append(_decode(path, stacked=False))
                labels.append(label)
                names.append(f'{path.parent.name}/{path.name}')
        return _content(images, labels, names)

    def _files(self, split: Split) -> Iterator[list[Path]]:
        """The image files of each class."""
        for name in self.classes:
            folder = self._root / split / name
            yield [folder / file for file in images_of(folder)[0]]


class StackLayout:
    """A file for each class, with its images below each other.

    Args:
        root: Folder that holds ``train`` and ``test``.

    Raises:
        DatasetError: If a class is missing in one of the two.
    """

    form = 'stacked files'

    def __init__(self, root: Path) -> None:
        self._root = root
        self.classes = _common_classes(
            root,
            {
                split: sorted(
                    path.stem for path in (root / split).glob('*.webp')
                )
                for split in SPLITS
            },
        )

    def counts(self, split: Split) -> NDArray[np.int64]:
        """Count the images of each class, see :class:`Layout`."""
        heights = []
        for path in self._files(split):
            with _opened(path) as image:
                heights.append(image.height // SIZE)
        return np.array(heights)

    def read(self, split: Split) -> Content:
        """Read all images of a split, see :class:`Layout`."""
        images, labels, names = [], [], []
        for label, path in enumerate(self._files(split)):
            stack = _decode(path, stacked=True)
            images.append(stack)
            labels += [label] * len(stack)
            names += [f'{path.name}#{index}' for index in range(len(stack))]
        return _content(images, labels, names)

    def _files(self, split: Split) -> list[Path]:
        """The file of each class."""
        return [self._root / split / f'{name}.webp' for name in self.classes]


def _common_classes(
    root: Path, names: dict[Split, list[str]]
) -> tuple[str, ...]:
    """The classes, if training and test have the same."""
    for split, other in (SPLITS, SPLITS[::-1]):
        missing = sorted(set(names[split]) - set(names[other]))
        if missing:
            raise DatasetError(
                f"data_root: expected the classes of '{root / split}' in "
                f"'{root / other}' as well, found {len(missing)} missing: "
                f'{", ".join(missing[:5])}. Copy the data again.'
            )
    return tuple(names['train'])


def _opened(path: Path) -> Image.Image:
    try:
        return Image.open(path)
    except (OSError, SyntaxError, ValueError) as error:
        raise DatasetError(
            f'{path}: expected an image, found a file that cannot be read '
            f'({error}). Copy it again.'
        ) from error


def _decode(path: Path, stacked: bool) -> NDArray[np.uint8]:
    """Images of a file, shape (N, 32, 32, 3), RGB; one if not stacked."""
    with _opened(path) as image:
        width, height = image.size
        fits = height and height % SIZE == 0 if stacked else height == SIZE
        if width != SIZE or not fits:
            tall = f'a multiple of {SIZE}' if stacked else str(SIZE)
            raise DatasetError(
                f'{path}: expected an image {SIZE} px wide and {tall} px '
                f'high, found {width} x {height}. Resize it, or copy the '
                'data again.'
            )
        try:
            pixels = np.asarray(image.convert('RGB'))
        except (OSError, SyntaxError, ValueError) as error:
            raise DatasetError(
                f'{path}: expected an image, found a file that ends too '
                f'early or is damaged ({error}). Copy it again.'
            ) from error
    return pixels.reshape(-1, SIZE, SIZE, 3)


def _content(
    images: list[NDArray[np.uint8]], labels: list[int], names: list[str]
) -> Content:
    """Join images of shape (N, 32, 32, 3) and put the channels first."""
    pixels = np.concatenate(images).transpose(0, 3, 1, 2)
    return (
        np.ascontiguousarray(pixels),
        np.asarray(labels, np.int64),
        names,
    )
