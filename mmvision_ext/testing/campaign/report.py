"""Run groups of faults and tell what became of them."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import (
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from mmvision_ext.testing.annotation_campaign import silence
from mmvision_ext.utils import InputError
from mmvision_ext.utils.provenance import (
    code_commit,
    command_line,
    hardware_name,
)
from mmvision_ext.utils.tables import markdown_table, save_csv

from .outcome import Group, Outcome

_COLUMNS = ('faults', 'injected', 'survived', 'lost', 'executed', 'seconds')


@dataclass(frozen=True)
class GroupResult:
    """What became of the faults of a group.

    Attributes:
        group: The group.
        outcomes: One for each fault.
        seconds: Time it took.
    """

    group: Group
    outcomes: list[Outcome]
    seconds: float

    @property
    def lost(self) -> list[Outcome]:
        """Faults after which the promise did not come true."""
        return [outcome for outcome in self.outcomes if not outcome.survived]

    @property
    def executed(self) -> list[Outcome]:
        """Files whose code ran."""
        return [outcome for outcome in self.outcomes if outcome.executed]


def run_groups(
    groups: Sequence[Group], folder: Path, fast: bool
) -> list[GroupResult]:
    """Inject all faults of some groups.

    Args:
        groups: The groups.
        folder: An empty folder; each group gets one of its own in it.
        fast: Whether to inject the quick part only.

    Returns:
        A result for each group.

    Raises:
        InputError: There is no group.
    """
    if not groups:
        raise InputError('fault_campaign: no group has this word; see --list')
    results = []
    columns = (SpinnerColumn(), TextColumn('{task.description}'))
    with (
        silence(),
        Progress(
            *columns, TimeElapsedColumn(), console=Console(stderr=True)
        ) as bar,
    ):
        for group in groups:
            task = bar.add_task(group.name, total=None)
            place = folder / group.name.replace(' ', '_')
            place.mkdir()
            start, outcomes = time.perf_counter(), []
            for outcome in group.run(place, fast):
                outcomes.append(outcome)
                bar.update(
                    task, description=f'{group.name}: {len(outcomes)} faults'
                )
            seconds = time.perf_counter() - start
            results.append(GroupResult(group, outcomes, seconds))
            bar.update(task, total=1, completed=1)
    return results


def report(results: Sequence[GroupResult], out: str | None) -> int:
    """Print a table of counts, and write it and every outcome to a folder.

    Args:
        results: Of the groups.
        out: The folder, made where missing; None writes nothing.

    Returns:
        1 if anything was lost or executed, or a group injected nothing, else
        0.
    """
    cells = [[str(cell) for cell in row] for row in _counts(results)]
    print(markdown_table(_COLUMNS, cells))
    bad = [
        (result.group.name, outcome)
        for result in results
        for outcome in result.outcomes
        if not outcome.survived or outcome.executed
    ]
    for name, outcome in bad:
        print(f'LOST {name}: {outcome.fault}: {outcome.told}')
    if out:
        folder = Path(out)
        save_csv(
            folder / 'outcomes.csv',
            ('group', 'fault', 'survived', 'executed', 'told'),
            (
                (
                    result.group.name,
                    one.fault,
                    one.survived,
                    one.executed,
                    one.told,
                )
                for result in results
                for one in result.outcomes
            ),
        )
        origin = (code_commit(), hardware_name('cpu'), command_line())
        save_csv(
            folder / 'summary.csv',
            (*_COLUMNS, 'commit', 'hardware', 'command'),
            ((*row, *origin) for row in _counts(results)),
        )
    return int(bool(bad) or not all(result.outcomes for result in results))


def _counts(results: Sequence[GroupResult]) -> list[tuple[str | int, ...]]:
    """A row of ``_COLUMNS`` for each group, and one for all."""
    counts = [
        (
            len(result.outcomes),
            len(result.outcomes) - len(result.lost),
            len(result.lost),
            len(result.executed),
            round(result.seconds),
        )
        for result in results
    ]
    sums = [sum(column) for column in zip(*counts, strict=True)]
    names = [*(result.group.name for result in results), 'all']
    return [
        (name, *row) for name, row in zip(names, [*counts, sums], strict=True)
    ]
