"""Text files with one entry a line."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mmvision_ext.utils import BRIEF

from .errors import AnnotationError, require_file

LONGEST_NAME = 250  # bytes of a file's name without suffix, on any system


def read_text(path: Path) -> str:
    """Read a text file.

    Args:
        path: The file; it must exist.

    Returns:
        Its text, without a byte order mark.

    Raises:
        AnnotationError: If it is not UTF-8.
    """
    try:
        return path.read_text(encoding='utf-8-sig')
    except UnicodeDecodeError as error:
        raise AnnotationError(
            f'{path}: expected UTF-8 text, found other bytes ({error.reason}, '
            f'byte {error.start}); save it as UTF-8, or copy it again'
        ) from error


def is_file_name(name: Any) -> bool:
    """Whether a system can look for a file of this name at all.

    Args:
        name: Anything; a path may have folders.

    Returns:
        True for a text without zero bytes, no part of it too long.
    """
    return (
        isinstance(name, str)
        and bool(name.strip())
        and '\0' not in name
        and all(
            len(part.encode('utf-8', 'replace')) <= LONGEST_NAME
            for part in name.split('/')
        )
    )


def read_lines(path: Path, key: str) -> Iterator[tuple[int, str]]:
    """Read a list of images, each of which may come once.

    Args:
        path: The list; empty lines are passed over.
        key: Argument that names it, for the message.

    Yields:
        Number of the line, from 1, and its text.

    Raises:
        DatasetError: If there is no such file.
        AnnotationError: If a line comes twice, or the file is not UTF-8.
    """
    require_file(path, key, 'a list of images')
    seen: dict[str, int] = {}
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        text = line.strip()
        if not text:
            continue
        if text in seen:
            raise AnnotationError(
                f'{path}, line {number}: {text[:BRIEF]} is in line '
                f'{seen[text]} already; delete one of them'
            )
        seen[text] = number
        yield number, text
