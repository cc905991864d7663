"""What was measured of a config: rows of projects/*/results."""

import csv
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mmvision_ext.utils import InputError

from .facts import Facts, Source

RUNS = Source(labels=('group', 'label', 'overrides', 'data'))
Row = Mapping[str, str]


@dataclass(frozen=True)
class Measure:
    """One measure over the seeds of a run.

    Attributes:
        mean: Mean over the seeds, in percent.
        sd: Sample standard deviation; None of one seed.
        chance: What guessing reaches; None where it is not known.
    """

    mean: float
    sd: float | None
    chance: float | None


@dataclass(frozen=True)
class Measured:
    """What one config reached under one set of conditions.

    Attributes:
        config: Path of the config in the repository.
        label: What the rows are called there; may be empty.
        overrides: Settings that differed from the config; may be empty.
        seeds: The seeds.
        epochs: Epochs of the training; None where the file has none.
        data: What it was measured on.
        source: The result file, a path in the repository.
        measures: Task to name to measure; of a task the first is the
            headline.
    """

    config: str
    label: str
    overrides: str
    seeds: tuple[str, ...]
    epochs: int | None
    data: str
    source: str
    measures: Mapping[str, Mapping[str, Measure]]


def read_results(root: Path, facts: Facts) -> dict[str, list[Measured]]:
    """Read every result file.

    Several studies can hold the same runs: of equal config, settings, epochs
    and data the rows with the most seeds are kept.

    Args:
        root: The repository.
        facts: Names of measures, and files beside those of studies.

    Returns:
        Path of a config to what was measured of it, longer trainings first.

    Raises:
        InputError: A file has no column ``config`` or lacks one of those that
            tell its rows apart, or has a measure that is no number.
    """
    files = {
        path.relative_to(root).as_posix(): RUNS
        for path in sorted(root.glob('projects/*/results/**/runs.csv'))
    }
    kept: dict[tuple, Measured] = {}
    for name, source in {**files, **facts.sources}.items():
        for item in _read(root, name, source, facts):
            key: tuple[str | int | None, ...]
            key = (item.config, item.overrides, item.epochs, item.data)
            if source is not RUNS:
                key = (*key, item.source, item.label)
            if key not in kept or len(item.seeds) > len(kept[key].seeds):
                kept[key] = item
    found: dict[str, list[Measured]] = {}
    for item in kept.values():
        found.setdefault(item.config, []).append(item)
    for items in found.values():
        items.sort(key=lambda item: -(item.epochs or 0))
    return found


def _read(
    root: Path, name: str, source: Source, facts: Facts
) -> Iterable[Measured]:
    path = root / name
    if not path.is_file():
        raise InputError(f'{path}: expected a result file, found none.')
    with path.open(newline='', encoding='utf-8') as file:
        rows = list(csv.DictReader(file))
    labels = () if source is RUNS else source.labels  # a study may lack them
    for column in ('config', *labels):
        if rows and column not in rows[0]:
            raise InputError(f'{path}: expected a column {column!r}.')
    chance = _chance(path.with_name('summary.csv'))
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        told = (row.get(column) or '' for column in source.labels)
        groups.setdefault((row['config'], *told), []).append(row)
    for group in groups.values():
        first = group[0]
        epochs = first.get('epochs')
        yield Measured(
            config=first['config'],
            label=_label(first, source),
            overrides=first.get('overrides') or '',
            seeds=tuple(row.get('seed') or '' for row in group),
            epochs=int(_number(epochs, 'epochs', path)) if epochs else None,
            data=source.data or first.get('data') or '',
            source=name,
            measures=_measures(group, facts, chance, path),
        )


def _label(row: Row, source: Source) -> str:
    if source is RUNS:
        return row.get('label') or ''
    return ', '.join(f'{column}: {row[column]}' for column in source.labels)


def _measures(
    rows: Sequence[Row], facts: Facts, chance: Row, path: Path
) -> dict[str, dict[str, Measure]]:
    found: dict[str, dict[str, Measure]] = {}
    for task, columns in facts.metrics.items():
        scale = 100 if task in facts.fractions else 1
        for column, name in columns.items():
            values = [
                scale * _number(row[column], column, path)
                for row in rows
                if row.get(column)
            ]
            if not values:
                continue
            guess = rows[0].get(f'{column}_chance') or chance.get(
                f'{column} mean'
            )
            found.setdefault(task, {})[name] = Measure(
                statistics.fmean(values),
                statistics.stdev(values) if len(values) > 1 else None,
                scale * _number(guess, column, path) if guess else None,
            )
    return found


def _chance(summary: Path) -> Row:
    """Row of a study's summary that says what guessing reaches."""
    if not summary.is_file():
        return {}
    with summary.open(newline='', encoding='utf-8') as file:
        rows = list(csv.DictReader(file))
    return next((row for row in rows if row.get('kind') == 'chance'), {})


def _number(text: str, column: str, path: Path) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise InputError(
            f'{path}: expected a number in column {column}, found {text!r}.'
        ) from error
