"""The files that a training leaves behind, without the training."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def train_record(step: int, epoch: int, loss: float) -> dict[str, Any]:
    """A line of ``scalars.json`` as mmengine logs a training step.

    Args:
        step: Iteration, from 1.
        epoch: Epoch, from 1.
        loss: The loss.

    Returns:
        The record; its learning rate is 0.1 / ``step``.
    """
    return dict(
        lr=0.1 / step, loss=loss, time=0.2, epoch=epoch, iter=step, step=step
    )


def write_start(
    work_dir: str | Path,
    start: str,
    records: Sequence[dict[str, Any]],
    config: str = 'train_cfg = dict(max_epochs=3)\nmodel = dict()\n',
    log: Sequence[str] = (),
) -> Path:
    """Write the dated folder of one start of a training.

    Args:
        work_dir: Work directory; made where missing.
        start: Name of the dated folder.
        records: Lines of ``scalars.json``.
        config: Text of the config.
        log: Lines of the text log.

    Returns:
        The dated folder.
    """
    folder = Path(work_dir) / start
    (folder / 'vis_data').mkdir(parents=True)
    (folder / 'vis_data' / 'config.py').write_text(config, 'utf-8')
    (folder / 'vis_data' / 'scalars.json').write_text(
        ''.join(json.dumps(record) + '\n' for record in records), 'utf-8'
    )
    (folder / f'{start}.log').write_text('\n'.join(log), 'utf-8')
    return folder
