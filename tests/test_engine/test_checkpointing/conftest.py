"""Checkpoints as a training leaves them."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from mmvision_ext.testing.campaign.damaged_checkpoints import save as write

Save = Callable[[int], Path]


@pytest.fixture
def save(tmp_path: Path) -> Save:
    """Write the checkpoint of an epoch, and name it the last."""
    return partial(write, tmp_path)
