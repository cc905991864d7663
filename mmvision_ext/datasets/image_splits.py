"""Splits of a data set's images by a seed."""

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

from mmvision_ext.utils import brief

from .errors import AnnotationError, DatasetError
from .text_lists import read_lines

Part = Literal['train', 'val', 'test']
PARTS: tuple[Part, ...] = ('train', 'val', 'test')


def draw_order(names: Iterable[str], seed: int) -> list[str]:
    """Shuffle names in a way that is the same on every machine.

    The order is that of a hash of seed and name. It depends neither on the
    order in which the names come nor on the version of a random generator.

    Args:
        names: Names, each once.
        seed: Another seed gives another order.

    Returns:
        All names.
    """

    def key(name: str) -> bytes:
        return hashlib.sha256(f'{seed}/{name}'.encode()).digest()

    return sorted(names, key=key)


def part_counts(total: int, sizes: Sequence[int | float]) -> list[int]:
    """Number of images of each part.

    Args:
        total: Number of images that there are.
        sizes: For training, validation and test: three whole numbers of
            images, or three shares that sum to 1.

    Returns:
        Three numbers; of shares they sum to ``total``.

    Raises:
        DatasetError: If ``sizes`` is neither, or asks for more images than
            there are.
    """
    if len(sizes) != len(PARTS) or any(size < 0 for size in sizes):
        raise DatasetError(
            'split_sizes: expected three numbers of images or three shares, '
            f'for {", ".join(PARTS)}, found {tuple(sizes)}'
        )
    if all(isinstance(size, int) for size in sizes):
        counts = [int(size) for size in sizes]
        if sum(counts) > total:
            raise DatasetError(
                f'split_sizes: expected at least {sum(counts)} images for '
                f'{tuple(counts)}, found {total}. Set shares such as '
                '(0.8, 0.1, 0.1), or smaller numbers.'
            )
        return counts
    if abs(sum(sizes) - 1) > 1e-6:
        raise DatasetError(
            f'split_sizes: expected shares that sum to 1, found '
            f'{tuple(sizes)}, which sum to {sum(sizes):g}'
        )
    ends = [round(total * sum(sizes[: i + 1])) for i in range(len(sizes))]
    return [end - start for start, end in zip([0, *ends], ends, strict=False)]


def draw_part(
    names: Sequence[str], part: Part, sizes: Sequence[int | float], seed: int
) -> set[str]:
    """Draw the images of one part; the three parts are disjoint.

    Args:
        names: Names of all images, each once.
        part: ``'train'``, ``'val'`` or ``'test'``.
        sizes: As for :func:`part_counts`.
        seed: Seed of the draw.

    Returns:
        The names that were drawn.

    Raises:
        DatasetError: If ``sizes`` cannot be used.
    """
    counts = part_counts(len(names), sizes)
    index = PARTS.index(part)
    start = sum(counts[:index])
    return set(draw_order(names, seed)[start : start + counts[index]])


def held_out(names: Iterable[str], share: float, seed: int) -> set[str]:
    """Draw the validation images out of the training images.

    Args:
        names: Names of the training images; one may come several times.
        share: Share of the images, from 0 to below 1.
        seed: Seed of the draw.

    Returns:
        The names that were drawn; none for a share of 0.

    Raises:
        DatasetError: If ``share`` is out of range, or is above 0 and gives
            no image.
    """
    if not 0 <= share < 1:
        raise DatasetError(
            f'val_share: expected a share from 0 to below 1, found {share}'
        )
    ordered = draw_order(set(names), seed)
    count = round(share * len(ordered))
    if share and not count:
        raise DatasetError(
            f'val_share: expected a share of {len(ordered)} images that gives '
            f'at least one, found {share}'
        )
    return set(ordered[:count])


def read_names(path: Path, known: Iterable[str]) -> list[str]:
    """Read a list of images, one file name a line.

    Args:
        path: The list; empty lines are passed over.
        known: File names that there are.

    Returns:
        The names in the order of the list.

    Raises:
        DatasetError: If there is no such file, or no name in it.
        AnnotationError: If a name is unknown or comes twice.
    """
    known = set(known)
    found = []
    for number, name in read_lines(path, 'image_list'):
        if name not in known:
            raise AnnotationError(
                f'{path}, line {number}: expected the file name of an image '
                f'of the annotation file, found {brief(name)}'
            )
        found.append(name)
    if not found:
        raise DatasetError(
            f'image_list: expected names of images in {path}, found none'
        )
    return found
