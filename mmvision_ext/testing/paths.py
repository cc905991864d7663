"""Where real data lies on this machine."""

import os
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


def data_root() -> Path | None:
    """Find the folder that holds the real datasets.

    Returns:
        ``$MMVISION_DATA_ROOT`` when set, else ``data/`` in the checkout, else
        ``../shared/data`` beside it; None where none of them exists.
    """
    named = os.environ.get('MMVISION_DATA_ROOT')
    candidates = (
        [Path(named)]
        if named
        else [REPOSITORY / 'data', REPOSITORY.parent / 'shared' / 'data']
    )
    return next((path for path in candidates if path.is_dir()), None)
