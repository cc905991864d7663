"""What a person sees while a study runs: progress, time left, events."""

import math
from collections.abc import Sequence
from datetime import timedelta
from types import TracebackType

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from mmvision_ext.utils import InputError

from .plan import Run
from .record import read_record
from .state import State, Status
from .training import position

SPEED_PERIOD = 24 * 3600.0  # seconds over which the speed is averaged


class Board:
    """Overall progress in epochs, and a line for every run that ends.

    Args:
        runs: The runs to train.
        console: Where to write.
    """

    def __init__(self, runs: Sequence[Run], console: Console) -> None:
        self.runs = runs
        self.ended = 0
        self.progress = Progress(
            TextColumn('{task.description}'),
            BarColumn(),
            TextColumn('{task.percentage:>3.0f} %'),
            TimeElapsedColumn(),
            TextColumn('left'),
            TimeRemainingColumn(),
            console=console,
            speed_estimate_period=SPEED_PERIOD,
        )
        self.shares: dict[str, float] = {
            run.name: position(run) / run.length for run in runs
        }
        self.task = self.progress.add_task('study', total=len(runs))

    def __enter__(self) -> 'Board':
        self.progress.start()
        self.tick()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.progress.stop()

    def tick(self) -> None:
        """Look how far the runs are."""
        for run in self.runs:
            # A run that starts anew begins below what an old log says.
            if self.shares[run.name] < 1:
                self.shares[run.name] = position(run) / run.length
        self.progress.update(
            self.task,
            completed=math.fsum(self.shares.values()),
            description=f'{self.ended} of {len(self.runs)} runs ended',
        )

    def end(self, run: Run, status: Status) -> None:
        """Write a line about a run that ended.

        Args:
            run: The run.
            status: Where it stands.
        """
        self.ended += 1
        self.shares[run.name] = 1.0
        took = timedelta(seconds=round(_seconds(run)))
        state = status.state.value
        style = 'green' if status.state is State.FINISHED else 'bold red'
        self.progress.console.print(
            f'[{self.ended}/{len(self.runs)}] {run.name}:'.replace('[', r'\['),
            f'[{style}]{state}[/] after {took}',
            highlight=False,
        )
        if status.state is not State.FINISHED and status.detail:
            self.progress.console.print(
                escape(status.detail), highlight=False, soft_wrap=True
            )


def _seconds(run: Run) -> float:
    """How long the last attempt took; 0 where there is no record of it."""
    try:
        record = read_record(run)
    except InputError:  # damaged, which the status says
        return 0.0
    return record.attempts[-1].duration() if record else 0.0
