"""The way of images through every inferencer: read, skip, batch."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import TypeVar

import cv2

from mmvision_ext.utils import InputError
from mmvision_ext.utils.number_checks import check_count

from .progress import track
from .sources import ImageSource

Content = TypeVar('Content')
Item = TypeVar('Item')


def read_each(
    sources: Sequence[ImageSource],
    read: Callable[[ImageSource], Content],
    skipped: list[str],
    description: str,
    progress: bool,
) -> Iterator[tuple[int, ImageSource, Content]]:
    """Read images one after another, and show how far it is.

    Args:
        sources: The images.
        read: Reads one of them.
        skipped: Gets the message for each image that cannot be read and that
            the user did not name.
        description: What the progress bar says is being done.
        progress: Whether there is one.

    Yields:
        Position of an image, the image, and what was read.

    Raises:
        InputError: An image that the user named cannot be read.
    """
    shown = track(enumerate(sources), description, len(sources), progress)
    for position, source in shown:
        try:
            content = read(source)
        except InputError as error:
            if not source.may_skip:
                raise
            skipped.append(str(error))
        else:
            yield position, source, content


@contextmanager
def pipeline_faults(name: str) -> Iterator[None]:
    """Turn what an unfit image does to a test pipeline into one message.

    Args:
        name: What messages call the image.

    Raises:
        InputError: In the place of the error of a step.
    """
    try:
        yield
    except InputError:
        raise
    except (AssertionError, OSError, ValueError, cv2.error) as error:
        reason = (str(error).strip() or 'no reason given').splitlines()[-1]
        raise InputError(
            f'image {name}: expected one that the test pipeline can read and '
            f'resize, found that it fails: {reason}'
        ) from error


def in_batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Group items, without reading ahead of the group.

    Args:
        items: The items.
        size: How many make a batch.

    Yields:
        ``size`` items, and what is left at last.

    Raises:
        InputError: The size is no whole number, or below 1.
    """
    check_count(size, 'batch_size')
    waiting = iter(items)
    while batch := list(islice(waiting, size)):
        yield batch
