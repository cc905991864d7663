"""Text files with one entry a line."""

from collections.abc import Iterator
from pathlib import Path

from .errors import AnnotationError, require_file


def read_lines(path: Path, key: str) -> Iterator[tuple[int, str]]:
    """Read a list of images, each of which may come once.

    Args:
        path: The list; empty lines are passed over.
        key: Argument that names it, for the message.

    Yields:
        Number of the line, from 1, and its text.

    Raises:
        DatasetError: If there is no such file.
        AnnotationError: If a line comes twice.
    """
    require_file(path, key, 'a list of images')
    seen: dict[str, int] = {}
    lines = path.read_text(encoding='utf-8').splitlines()
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not text:
            continue
        if text in seen:
            raise AnnotationError(
                f'{path}, line {number}: {text} is in line {seen[text]} '
                'already; delete one of them'
            )
        seen[text] = number
        yield number, text
