"""Class names, palettes and other lists, each a JSON naming its source."""

import json
from pathlib import Path
from typing import Any


def load_metadata(name: str) -> dict[str, Any]:
    """Read one of the JSON files of this folder.

    Args:
        name: File name without suffix, for example ``'voc'``.

    Returns:
        The file's content, without the ``source`` entry, ready to be used as
        a dataset's ``METAINFO``: ``classes`` a tuple of names, ``palette`` a
        list of (red, green, blue).
    """
    path = Path(__file__).with_name(f'{name}.json')
    content = json.loads(path.read_text(encoding='utf-8'))
    content.pop('source')
    content['classes'] = tuple(content['classes'])
    content['palette'] = [tuple(color) for color in content['palette']]
    return content
