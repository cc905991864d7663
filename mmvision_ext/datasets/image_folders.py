"""Datasets of one folder a class: listing, splits by seed and list files."""

from collections.abc import Container, Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Literal

from mmvision_ext.utils import brief

from .errors import AnnotationError, DatasetError
from .image_splits import draw_order
from .text_lists import is_file_name, read_lines

Split = Literal['train', 'test']
SPLITS: tuple[Split, ...] = ('train', 'test')

SUFFIXES = frozenset({'.bmp', '.jpeg', '.jpg', '.png', '.webp'})


def class_folders(root: Path) -> list[str]:
    """Names of the class folders.

    Args:
        root: Folder of the class folders.

    Returns:
        The names, sorted by character code; hidden ones are left out.

    Raises:
        DatasetError: If the folder does not exist or holds no folder.
    """
    if not root.is_dir():
        raise DatasetError(
            f"data_root: expected the class folders in '{root}', found no "
            'such folder. Set data_root to the folder above it.'
        )
    names = sorted(
        path.name
        for path in root.iterdir()
        if path.is_dir() and not path.name.startswith('.')
    )
    if not names:
        raise DatasetError(
            f"data_root: expected class folders in '{root}', found none. "
            'Unpack the archive there.'
        )
    return names


def images_of(folder: Path) -> tuple[list[str], int]:
    """File names of a class's images.

    Args:
        folder: A class folder.

    Returns:
        The names, sorted by character code, and the number of other files
        and folders; hidden ones are left out.

    Raises:
        DatasetError: If there is no such folder or no image in it.
    """
    if not folder.is_dir():
        near = get_close_matches(folder.name, class_folders(folder.parent), 1)
        hint = f" Is it the folder '{near[0]}'?" if near else ''
        raise DatasetError(
            f"class folder: expected '{folder}', found no such folder.{hint} "
            'Unpack the archive again, or take the class out of '
            'metainfo.classes.'
        )
    paths = [p for p in folder.iterdir() if not p.name.startswith('.')]
    names = sorted(p.name for p in paths if p.suffix.lower() in SUFFIXES)
    if not names:
        raise DatasetError(
            f"class folder: expected images in '{folder}', found none. "
            'Unpack the archive again, or take the class out of '
            'metainfo.classes.'
        )
    return names, len(paths) - len(names)


def split_by_seed(
    class_name: str,
    names: Sequence[str],
    train_count: int,
    max_test: int,
    seed: int,
) -> dict[Split, list[str]]:
    """Draw the training and test images of one class.

    The order is that of :func:`~.image_splits.draw_order`, of class and file
    name: it does not depend on the other classes. A smaller training set of
    the same seed is part of a larger one.

    Args:
        class_name: Name of the class.
        names: File names of its images, in any order.
        train_count: Number of training images.
        max_test: Largest number of test images, drawn from the rest.
        seed: Another seed gives another draw.

    Returns:
        The drawn file names of ``'train'`` and of ``'test'``, disjoint.
    """
    prefix = f'{class_name}/'
    order = draw_order((prefix + name for name in names), seed)
    drawn = [item.removeprefix(prefix) for item in order]
    return dict(
        train=sorted(drawn[:train_count]),
        test=sorted(drawn[train_count : train_count + max_test]),
    )


def read_image_list(path: Path) -> Iterator[tuple[int, str, str]]:
    """Read a list of images, one ``class/file`` a line.

    Args:
        path: The list; empty lines are passed over.

    Yields:
        Line number from 1, class and file name.

    Raises:
        DatasetError: If there is no such file.
        AnnotationError: If a line has another form or comes twice.
    """
    for number, text in read_lines(path, 'ann_file'):
        class_name, slash, name = text.partition('/')
        if (
            not (class_name and slash and name)
            or '/' in name
            or not is_file_name(text)
        ):
            raise AnnotationError(
                f"{path}, line {number}: expected 'class/file', such as "
                f"'accordion/image_0001.jpg', found {brief(text)}"
            )
        yield number, class_name, name


def list_faults(train: Path, other: Path, unused: Container[str]) -> list[str]:
    """Find images that are in a training list and in a test list.

    Args:
        train: List of the training images.
        other: List of the test images.
        unused: Names of classes whose lines are not used.

    Returns:
        At most one sentence; none where a list does not exist.

    Raises:
        AnnotationError: If a line has another form or comes twice.
    """
    if not (train.is_file() and other.is_file()):
        return []
    if train.samefile(other):
        return [
            f"ann_file is '{train}' in both, so that test images are "
            'training images: give each a list of its own'
        ]
    known, tested = (
        {
            f'{item[1]}/{item[2]}'
            for item in read_image_list(path)
            if item[1] not in unused
        }
        for path in (train, other)
    )
    both = sorted(known & tested)
    if not both:
        return []
    return [
        f"ann_file: {len(both)} of {len(tested)} images of '{other}' are in "
        f"'{train}' as well, the first is {both[0]}: take them out of one"
    ]
