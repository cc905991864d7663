"""JSON files of annotations, and what is said of malformed ones."""

import json
from pathlib import Path
from typing import Any

from .errors import AnnotationError


def read_json(path: Path) -> Any:
    """Read a JSON file.

    Args:
        path: The file; it must exist.

    Returns:
        Its content.

    Raises:
        AnnotationError: If it is no JSON.
    """
    try:
        return json.loads(path.read_text(encoding='utf-8'))
    except ValueError as error:
        raise json_fault(path, error) from None


def json_fault(path: str | Path, error: ValueError) -> AnnotationError:
    """Say where a file is no JSON.

    Args:
        path: The file.
        error: What the JSON reader raised: :class:`json.JSONDecodeError`, or
            :class:`UnicodeDecodeError`.

    Returns:
        The error to raise.
    """
    place, found = f'{path}', f'{error}'
    if isinstance(error, json.JSONDecodeError):
        place = f'{path}, line {error.lineno}, column {error.colno}'
        found = f'a fault: {error.msg}'
    return AnnotationError(
        f'{place}: expected JSON, found {found}. Mend it there, or copy or '
        'download the file again if it was cut short.'
    )
