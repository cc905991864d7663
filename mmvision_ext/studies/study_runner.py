"""A study from its file to its results."""

import shlex
import signal
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from rich.console import Console

from mmvision_ext.utils import InputError

from .board import Board
from .collect import Collection, collect, read_collection, write_rows
from .local import run_locally, visible_devices
from .plan import Run
from .slurm import run_on_cluster
from .spec import Study
from .state import State, Status, read_status, set_aside
from .summary import summarise


@dataclass(frozen=True)
class Workers:
    """Who trains.

    Attributes:
        count: Trainings at a time on this machine; None takes one a GPU, and
            one on a machine without.
        slurm: Parameters of the jobs; None trains on this machine.

    Raises:
        InputError: The count is below 1.
    """

    count: int | None = None
    slurm: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        if self.count is not None and self.count < 1:
            raise InputError(
                f'--workers: expected at least 1, found {self.count}.'
            )


def run_study(
    runs: Sequence[Run],
    script: str,
    workers: Workers,
    rerun_stale: bool,
    console: Console,
) -> dict[str, Status]:
    """Train what is not finished.

    Args:
        runs: The runs to look at.
        script: Path of ``tools/train.py``.
        workers: Who trains.
        rerun_stale: Whether runs of a changed config are moved aside and
            trained anew.
        console: Where progress is shown.

    Returns:
        Run name to where it stands in the end.

    Raises:
        InputError: The workers cannot be had.
        KeyboardInterrupt: The user, or a SIGTERM, stopped it; trainings were
            ended and can be resumed.
    """
    statuses = {run.name: read_status(run) for run in runs}
    if rerun_stale:
        for run in runs:
            if statuses[run.name].state is State.STALE:
                console.print(
                    f'{run.name}: stale, moved to {set_aside(run)}',
                    highlight=False,
                    soft_wrap=True,
                )
                statuses[run.name] = read_status(run)
    waiting = [run for run in runs if statuses[run.name].to_do]
    console.print(
        f'{len(runs)} run(s): {len(waiting)} to train, '
        f'{_count(statuses, State.FINISHED)} finished, '
        f'{_count(statuses, State.STALE)} stale',
        highlight=False,
    )
    if waiting:
        with _terminate_as_interrupt(), Board(waiting, console) as board:
            # Closing ends the trainings that still run.
            with closing(_results(waiting, script, workers, board)) as ended:
                for run, status in ended:
                    statuses[run.name] = status
                    board.end(run, status)
    return statuses


def collect_study(study: Study, runs: Sequence[Run]) -> list[str]:
    """Write rows, tables and charts of all finished runs.

    Args:
        study: The study.
        runs: All of its runs.

    Returns:
        What to tell the user: the files, and rows kept or left out.

    Raises:
        InputError: No run is finished, or a metric is not there.
    """
    collection = collect(study, runs)
    paths = [
        *write_rows(study, collection),
        *_write_results(study, collection),
    ]
    lines = [str(path) for path in paths]
    if collection.kept:
        lines.append(
            f'{len(collection.kept)} row(s) of runs.csv kept: not finished '
            'here, but of the same config.'
        )
    if collection.dropped:
        lines.append(
            f'{len(collection.dropped)} row(s) of runs.csv left out, as '
            'their config has changed or they are not in the study: '
            f'{", ".join(collection.dropped)}.'
        )
    return lines


def redraw_study(study: Study) -> list[str]:
    """Write tables and charts from ``runs.csv`` and ``curves.csv`` alone.

    Args:
        study: The study.

    Returns:
        What to tell the user: the files, and rows left out.

    Raises:
        InputError: There are no rows of the study, one of them lacks a
            number, or a file cannot be read.
    """
    collection = read_collection(study)
    lines = [str(path) for path in _write_results(study, collection)]
    if collection.dropped:
        lines.append(
            f'{len(collection.dropped)} row(s) of runs.csv left out, as they '
            f'are not in the study: {", ".join(collection.dropped)}.'
        )
    return lines


def describe_plan(runs: Sequence[Run], script: str) -> Iterator[str]:
    """Say where every run stands and what would be done.

    Args:
        runs: The runs.
        script: Path of ``tools/train.py``.

    Yields:
        A line or more a run, with the command of those to train.
    """
    for run in runs:
        status = read_status(run)
        line = f'{run.name}: {status.state.value}'
        if status.state is State.STALE:
            line += f' ({status.detail}); --rerun-stale trains it anew'
        elif status.to_do:
            line += '; goes on from' if status.resume else '; starts anew'
            line += f' {status.resume.name}' if status.resume else ''
            command = shlex.join(run.command(script, status.resume))
            line += f'\n    python {command}'
        yield line


def unfinished(runs: Sequence[Run], statuses: Mapping[str, Status]) -> str:
    """List the runs that are not finished.

    Args:
        runs: The runs.
        statuses: Run name to where it stands.

    Returns:
        A message; empty when all are finished.
    """
    left = [run for run in runs if statuses[run.name].state != State.FINISHED]
    if not left:
        return ''
    lines = []
    for run in left:
        status = statuses[run.name]
        detail = (status.detail.splitlines() or [''])[-1].strip()
        lines.append(f'  {run.name}: {status.state.value}; {detail}')
    hints = []
    if any(statuses[run.name].state is State.STALE for run in left):
        hints.append(
            'A stale run was made with another config: --rerun-stale moves '
            'it aside and trains it anew.'
        )
    if any(statuses[run.name].to_do for run in left):
        hints.append(
            'The same command goes on with failed and interrupted runs; what '
            'they printed is in study/attempt_*.log of their folders.'
        )
    return '\n'.join([f'{len(left)} run(s) are not finished:', *lines, *hints])


def _write_results(study: Study, collection: Collection) -> list[Path]:
    """Tables and charts."""
    from .charts import write_charts
    from .report import write_summary
    from .significance import compare_entries
    from .significance_report import write_significance

    rows = summarise(study, collection)
    paths = write_summary(study, collection, rows)
    if study.analysis.level is not None:
        comparisons = compare_entries(study, collection)
        paths += write_significance(study, comparisons)
    return [*paths, *write_charts(study, collection, rows)]


def _results(
    runs: Sequence[Run], script: str, workers: Workers, board: Board
) -> Generator[tuple[Run, Status], None, None]:
    if workers.slurm is not None:
        folder = Path(runs[0].work_dir).parent / 'slurm'
        return run_on_cluster(runs, script, folder, workers.slurm, board.tick)
    devices = visible_devices()
    count = workers.count or max(1, len(devices))
    return run_locally(runs, script, count, devices, board.tick)


def _count(statuses: Mapping[str, Status], state: State) -> int:
    return sum(status.state is state for status in statuses.values())


@contextmanager
def _terminate_as_interrupt() -> Iterator[None]:
    """Let SIGTERM do what Ctrl-C does."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
