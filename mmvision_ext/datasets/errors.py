"""What can be wrong with a dataset on disk."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from PIL import Image

from mmvision_ext.utils import InputError

ERRORS_SHOWN = 10

#: What Pillow raises where a file is no image, or a damaged one.
IMAGE_FAULTS = (
    Image.DecompressionBombError,
    OSError,
    SyntaxError,
    ValueError,
)


class AnnotationError(InputError):
    """An annotation file is malformed; the message names file and field."""


class DatasetError(InputError):
    """A dataset cannot be used as configured; the message names the key."""


def require_file(path: Path, key: str, content: str) -> None:
    """Check that a file of a dataset exists.

    Args:
        path: The file.
        key: Argument that names it, for the message.
        content: What the file holds, for the message.

    Raises:
        DatasetError: If there is no such file.
    """
    if not path.is_file():
        raise DatasetError(
            f"{key}: expected {content}, found no file '{path}'"
        )


def missing_files(paths: Iterable[Path]) -> list[Path]:
    """Find files that do not exist; every folder is listed once.

    Args:
        paths: Files, in as many folders as there are.

    Returns:
        Those that are missing, each once, in their order.
    """
    files = dict.fromkeys(paths)
    present = {
        folder: set(os.listdir(folder)) if folder.is_dir() else set()
        for folder in {path.parent for path in files}
    }
    return [path for path in files if path.name not in present[path.parent]]


def raise_together(errors: Sequence[AnnotationError], headline: str) -> None:
    """Raise what was wrong with several files as one error.

    Args:
        errors: What was wrong; none raises nothing, a single one is raised
            as it is.
        headline: What follows the number of several, such as ``'images
            cannot be read'``.

    Raises:
        AnnotationError: If there is an error; names the first ten.
    """
    if len(errors) == 1:
        raise errors[0]
    if errors:
        shown = '\n'.join(f'  - {error}' for error in errors[:ERRORS_SHOWN])
        more = len(errors) - ERRORS_SHOWN
        raise AnnotationError(
            f'{len(errors)} {headline}:\n{shown}'
            + (f'\n  ... and {more} more' if more > 0 else '')
        )
