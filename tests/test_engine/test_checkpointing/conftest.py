"""Checkpoints as a training leaves them."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from mmvision_ext.engine.checkpointing import write_checkpoint

Save = Callable[[int], Path]


@pytest.fixture
def save(tmp_path: Path) -> Save:
    """Write the checkpoint of an epoch, and name it the last."""

    def write(epoch: int) -> Path:
        path = tmp_path / f'epoch_{epoch}.pth'
        content = dict(
            meta=dict(epoch=epoch),
            state_dict=dict(weight=torch.full((50, 20), float(epoch))),
            message_hub={},
        )
        write_checkpoint(content, path)
        (tmp_path / 'last_checkpoint').write_text(str(path))
        return path

    return write
