"""Mean, standard deviation and difference to the baseline of each entry."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from .collect import Collection, Row
from .spec import Entry, Study, full_name


class Kind(str, Enum):
    """Where the numbers of a row come from."""

    RUNS = 'runs'
    CHANCE = 'chance'
    PUBLISHED = 'published'


@dataclass(frozen=True)
class Statistic:
    """One metric of one row.

    Attributes:
        values: One a seed.
        mean: Their mean.
        sd: Their sample standard deviation; None for fewer than two.
        difference: Mean minus the baseline's mean; None for the baseline
            itself and where there is none.
    """

    values: tuple[float, ...]
    mean: float
    sd: float | None
    difference: float | None


@dataclass(frozen=True)
class Cost:
    """What an entry costs.

    Attributes:
        minutes: Mean wall time of its trainings in minutes.
        hardware: What they ran on.
        params: Number of parameters; None where they are not counted.
        multiply_adds: Multiply-adds for one image; None where they are not
            counted.
    """

    minutes: float
    hardware: tuple[str, ...]
    params: int | None
    multiply_adds: int | None


@dataclass(frozen=True)
class SummaryRow:
    """One row of the summary.

    Attributes:
        kind: Where its numbers come from.
        group: Group of the entry; empty for other kinds.
        label: Label of the entry, or what the numbers are.
        planned: Number of seeds in the study; 0 for other kinds.
        statistics: Metric name to numbers; metrics without are left out.
        epochs: Length of the training, such as ``'50'``.
        note: What the reader has to know.
        cost: What it costs; None for other kinds and without runs.
    """

    kind: Kind
    group: str
    label: str
    planned: int
    statistics: Mapping[str, Statistic]
    epochs: str
    note: str
    cost: Cost | None = None

    @property
    def name(self) -> str:
        """Group and label."""
        return full_name(self.group, self.label)

    @property
    def num_runs(self) -> int:
        """Number of finished runs."""
        if self.kind is not Kind.RUNS or not self.statistics:
            return 0
        return len(next(iter(self.statistics.values())).values)


def summarise(study: Study, collection: Collection) -> list[SummaryRow]:
    """Compute the summary of a study.

    Args:
        study: The study.
        collection: Its finished runs.

    Returns:
        A row an entry, then chance, then what others published.
    """
    rows = [_entry_row(study, collection, entry) for entry in study.entries]
    if study.chance:
        rows.append(
            SummaryRow(
                Kind.CHANCE,
                '',
                'chance',
                0,
                _single(study.chance),
                '',
                'guessing',
            )
        )
    for item in study.published:
        note = '; '.join(filter(None, [item.note, item.source]))
        rows.append(
            SummaryRow(
                Kind.PUBLISHED,
                '',
                item.label,
                0,
                _single(item.values),
                '',
                f'published: {note}',
            )
        )
    return rows


def describe(
    values: Sequence[float], baseline_mean: float | None
) -> Statistic:
    """Summarise one metric over seeds.

    Args:
        values: One a seed, at least one.
        baseline_mean: Mean of the baseline; None where there is none.

    Returns:
        The numbers.
    """
    mean = statistics.fmean(values)
    return Statistic(
        tuple(values),
        mean,
        statistics.stdev(values) if len(values) > 1 else None,
        None if baseline_mean is None else mean - baseline_mean,
    )


def _entry_row(
    study: Study, collection: Collection, entry: Entry
) -> SummaryRow:
    rows = collection.of(entry)
    baseline = study.baseline_of(entry)
    against = (
        collection.of(baseline)
        if baseline is not None and baseline != entry
        else []
    )
    numbers = {}
    for metric in study.metrics:
        name = metric.name
        if rows:
            numbers[name] = describe(
                [row[name] for row in rows],
                statistics.fmean(row[name] for row in against)
                if against
                else None,
            )
    lengths = dict.fromkeys(
        str(row['epochs'] or f'{row["iterations"]} iterations') for row in rows
    )
    return SummaryRow(
        Kind.RUNS,
        entry.group,
        entry.label,
        len(entry.seeds),
        numbers,
        ', '.join(lengths),
        'baseline' if baseline == entry else '',
        _cost(rows) if rows else None,
    )


def _cost(rows: Sequence[Row]) -> Cost:
    """Cost of one entry; its seeds have one network."""
    params, operations = (
        int(rows[0][key]) if rows[0].get(key) else None
        for key in ('params', 'multiply_adds')
    )
    seconds = statistics.fmean(float(row['wall_seconds']) for row in rows)
    hardware = dict.fromkeys(row['hardware'] for row in rows)
    return Cost(seconds / 60, tuple(hardware), params, operations)


def _single(values: Mapping[str, float]) -> dict[str, Statistic]:
    return {
        name: Statistic((value,), value, None, None)
        for name, value in values.items()
    }
