"""The file that names the faulty images of a run."""

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

from mmvision_ext.engine.checkpointing.durable import (
    finish,
    write_unfinished,
)

CASE_FILE = 'corrupt_images.json'


def read_entries(path: Path) -> dict[str, Any]:
    """Read the accounts of all datasets of a run.

    Args:
        path: The file.

    Returns:
        Place of a dataset in the config to its account; empty where there is
        no file, or one that is not as it was written.
    """
    try:
        entries = json.loads(path.read_text(encoding='utf-8'))
    except (OSError, ValueError):
        return {}
    return entries if isinstance(entries, dict) else {}


def write_entry(path: Path, key: str, entry: dict[str, Any] | None) -> None:
    """Replace the account of one dataset.

    Several processes may do so at once: the file is that of the last one.

    Args:
        path: The file; made where it is missing.
        key: Place of the dataset in the config.
        entry: The account; None removes it.
    """
    entries = read_entries(path)
    if entry is not None:
        entries[key] = entry
    elif entries.pop(key, None) is None:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    content = (json.dumps(entries, indent=1) + '\n').encode()
    own = path.with_name(f'{path.name}.{uuid4().hex}')
    write_unfinished(own, lambda file: file.write(content))
    finish(own, path)
