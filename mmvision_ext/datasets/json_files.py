"""JSON files of annotations, and what is said of malformed ones."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

from mmvision_ext.utils import brief

from .errors import AnnotationError

#: Half of a character outside the basic plane, as JSON may escape it.
_HALF = re.compile(r'\\u[dD][89a-fA-F]')


def read_json(path: Path, unique: bool = False) -> Any:
    """Read a JSON file.

    Args:
        path: The file; it must exist.
        unique: Whether a name that comes twice in an object is an error, for
            files that people write; otherwise the last one counts.

    Returns:
        Its content. A byte order mark is passed over.

    Raises:
        AnnotationError: If it is no JSON, or is nested too deep; or a name
            comes twice.
    """
    try:
        text = path.read_text(encoding='utf-8-sig')
        hook = _object if unique else None
        content = json.loads(text, object_pairs_hook=hook)
        if _HALF.search(text):  # no terminal shows it, no file is named so
            json.dumps(content, ensure_ascii=False).encode('utf-8')
        return content
    except ValueError as error:
        raise json_fault(path, error) from None
    except RecursionError:
        raise AnnotationError(
            f'{path}: expected annotations, found lists or objects in each '
            'other, far too many; copy or download the file again'
        ) from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON whose names are all different."""
    names = Counter(name for name, _ in pairs)
    twice = [name for name, count in names.items() if count > 1]
    if twice:
        raise ValueError(f'the name {brief(twice[0])} twice in an object')
    return dict(pairs)


def json_fault(path: str | Path, error: ValueError) -> AnnotationError:
    """Say where a file is no JSON.

    Args:
        path: The file.
        error: What the JSON reader raised: :class:`json.JSONDecodeError`, or
            :class:`UnicodeDecodeError` or :class:`UnicodeEncodeError`.

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
