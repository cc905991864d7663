"""What a training left behind: checkpoints, logs, the last evaluation."""

import re
import statistics
from dataclasses import dataclass
from pathlib import Path

from mmvision_ext.engine.checkpointing import LAST_CHECKPOINT
from mmvision_ext.utils import InputError
from mmvision_ext.visualization.charts import Curve
from mmvision_ext.visualization.training_log import (
    SCALARS,
    parse_record,
    read_records,
    read_training_log,
)

from .plan import Run

CHECKPOINT = re.compile(r'(?:epoch|iter)_(\d+)\.pth')
TAIL_BYTES = 4096


@dataclass(frozen=True)
class Outcome:
    """Numbers of a finished training.

    Attributes:
        metrics: Metric to its value in the last evaluation.
        curves: Metric to its values at each evaluation.
        peak_memory_mib: Highest CUDA memory in MiB that the log names; None
            on a CPU.
        iter_seconds: Median time of an iteration; None where the log has
            none.
    """

    metrics: dict[str, float]
    curves: dict[str, Curve]
    peak_memory_mib: float | None
    iter_seconds: float | None


def read_outcome(run: Run) -> Outcome:
    """Read what a finished training measured.

    Args:
        run: The run.

    Returns:
        Its numbers.

    Raises:
        InputError: Its log has no finite metric at the last epoch.
    """
    curves = read_training_log(run.work_dir).val
    metrics = _at(curves, run.length)
    if not metrics:
        unit = 'epoch' if run.by_epoch else 'iteration'
        found = sorted({curve.x[-1] for curve in curves.values()})
        raise InputError(
            f'{run.work_dir}: expected an evaluation with finite metrics at '
            f'{unit} {run.length}, the last; the last ones found are at '
            f'{found or "none"}. The config needs a val_evaluator, and no '
            'EarlyStoppingHook that ends the run before.'
        )
    memory, times = [], []
    for record in _records(run.work_dir):
        if 'memory' in record:
            memory.append(float(record['memory']))
        if 'time' in record and 'iter' in record:
            times.append(float(record['time']))
    return Outcome(
        metrics,
        curves,
        max(memory, default=None),
        statistics.median_high(times) if times else None,
    )


def resume_checkpoint(run: Run) -> Path | None:
    """The checkpoint from which a run can go on.

    A training that was stopped after its last checkpoint, but before its
    last evaluation, would have nothing left to do after resuming and never be
    evaluated; it goes on from the checkpoint before.

    Args:
        run: The run.

    Returns:
        The checkpoint; None where there is none.
    """
    pointer = run.work_dir / LAST_CHECKPOINT
    if not pointer.is_file():
        return None
    # The folder may have been moved: the name counts, not the path.
    text = pointer.read_text(errors='replace')
    last = run.work_dir / Path(text.strip()).name
    steps = {
        int(match[1]): path
        for path in run.work_dir.glob('epoch_*' if run.by_epoch else 'iter_*')
        if (match := CHECKPOINT.fullmatch(path.name))
    }
    match = CHECKPOINT.fullmatch(last.name)
    if not last.is_file() or match is None:
        return None
    if run.by_epoch and last.name.startswith('iter_'):
        return last  # saved when a signal came, within an epoch or after one
    if int(match[1]) < run.length or _is_evaluated(run):
        return last
    earlier = [step for step in steps if step < run.length]
    return steps[max(earlier)] if earlier else None


def position(run: Run) -> int:
    """How far a run is.

    Args:
        run: The run.

    Returns:
        Epochs or iterations that are done, from 0 to ``run.length``.
    """
    logs = _logs(run.work_dir)
    if not logs:
        return 0
    with logs[-1].open('rb') as file:
        file.seek(0, 2)
        file.seek(max(0, file.tell() - TAIL_BYTES))
        lines = file.read().decode('utf-8', 'replace').splitlines()
    for line in reversed(lines):
        record = parse_record(line)
        if record is None:  # half a line
            continue
        # Training lines of epoch n are written while it is being trained.
        training = run.by_epoch and 'epoch' in record
        done = record['epoch'] - 1 if training else record.get('step', 0)
        return min(int(done), run.length)
    return 0


def _is_evaluated(run: Run) -> bool:
    """Whether the evaluation at the end of the run is in its log."""
    if not any(path.stat().st_size for path in _logs(run.work_dir)):
        return False
    return bool(_at(read_training_log(run.work_dir).val, run.length))


def _at(curves: dict[str, Curve], step: int) -> dict[str, float]:
    """Values of the metrics whose last point is at a step."""
    return {
        name: float(curve.y[-1])
        for name, curve in curves.items()
        if curve.x[-1] == step
    }


def _logs(work_dir: Path) -> list[Path]:
    return sorted(work_dir.glob(f'*/{SCALARS}'))


def _records(work_dir: Path) -> list[dict[str, float]]:
    return [
        record for file in _logs(work_dir) for record in read_records(file)
    ]
