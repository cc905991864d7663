"""Rows of all finished runs, in ``results/runs.csv`` and ``curves.csv``."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mmvision_ext.engine.checkpointing import write_text
from mmvision_ext.utils import InputError
from mmvision_ext.utils.nearest import nearest
from mmvision_ext.visualization.charts import Curve

from .cost import COST_COLUMNS, count_cost, is_counted, size_text
from .plan import Run, entry_config
from .provenance import protocol
from .record import Files, read_json, read_record
from .spec import Entry, Study
from .state import State, read_status

BEFORE = ('run', 'group', 'label', 'config', 'overrides', 'seed')
AFTER = (
    'epochs',
    'iterations',
    'data',
    'hardware',
    'peak_memory_mib',
    'iter_seconds',
    'wall_seconds',
    'finished',
    'commit',
    'command',
    'config_hash',
)
PROTOCOL = 'protocol'  # files of before have no such column
# All other columns are metrics.
FIXED = frozenset((*BEFORE, PROTOCOL, *COST_COLUMNS, *AFTER))
CURVE_COLUMNS = ('run', 'metric', 'step', 'value')

Row = dict[str, Any]


@dataclass(frozen=True)
class Collection:
    """What is known of the finished runs of a study.

    Attributes:
        rows: One a run, in the order of the study; metrics are floats.
        curves: Run name to the main metric at each evaluation.
        kept: Names of runs that were not finished here and whose rows
            ``runs.csv`` had from before, of the same config.
        dropped: Names of runs whose rows were left out, as their config has
            changed since or they are no longer in the study.
    """

    rows: tuple[Row, ...]
    curves: Mapping[str, Curve]
    kept: tuple[str, ...]
    dropped: tuple[str, ...]

    def of(self, entry: Entry) -> list[Row]:
        """Rows of one entry.

        Args:
            entry: The entry.

        Returns:
            A row a seed.
        """
        return [row for row in self.rows if _is_of(row, entry)]


def collect(study: Study, runs: Sequence[Run]) -> Collection:
    """Gather finished runs: those of this machine, then those on record.

    Args:
        study: The study.
        runs: All of its runs.

    Returns:
        Rows and curves.

    Raises:
        InputError: No run is finished, a run has not one of the study's
            metrics, its network cannot be counted, or a file of results
            cannot be read.
    """
    main = study.metrics[0].name
    before = {row['run']: row for row in _read_rows(study)}
    before_curves = _read_curves(study, main)
    rows: list[Row] = []
    curves: dict[str, Curve] = {}
    kept: list[str] = []
    for run in runs:
        old = before.get(run.name)
        if read_status(run).state is State.FINISHED:
            result = read_json(Files(run.work_dir).result)
            rows.append(_row(run, study, result))
            if main in result['curves']:
                curves[run.name] = Curve(**result['curves'][main])
        elif old is not None and old['config_hash'] == run.config_hash:
            rows.append(old)
            kept.append(run.name)
            if run.name in before_curves:
                curves[run.name] = before_curves[run.name]
    if not rows:
        raise InputError(
            f'{study.name}: expected at least one finished run, found none. '
            f'Run python tools/run_study.py {study.path}'
        )
    for row in rows:
        _check_metrics(row, study)
    _add_costs(study, rows, before)
    there = {row['run'] for row in rows}
    return Collection(
        tuple(rows),
        curves,
        tuple(kept),
        tuple(name for name in before if name not in there),
    )


def read_collection(study: Study) -> Collection:
    """Take ``runs.csv`` and ``curves.csv`` as they are.

    Configs and the folders of runs are not looked at.

    Args:
        study: The study.

    Returns:
        Rows of the study's entries and seeds, in its order, and their curves.

    Raises:
        InputError: There are none, one lacks a metric or a count, or a file
            of results cannot be read.
    """
    path = _paths(study)[0]
    there = _read_rows(study)
    rows = [
        row
        for entry in study.entries
        for row in there
        if _is_of(row, entry) and row['seed'] in map(str, entry.seeds)
    ]
    if not rows:
        raise InputError(
            f'{path}: expected rows of the entries of {study.path}, found '
            f'{len(there)} row(s), none of them such. Run python '
            f'tools/run_study.py {study.path}'
        )
    size = study.analysis.input_size
    for row in rows:
        _check_metrics(row, study)
        if size is not None and not is_counted(row, size):
            raise InputError(
                f"{path}: expected counts of the network of '{row['run']}' "
                f'at {size_text(size)}, found none. Write them with python '
                f'tools/run_study.py {study.path} --collect-only'
            )
    names = [row['run'] for row in rows]
    curves = _read_curves(study, study.metrics[0].name)
    return Collection(
        tuple(rows),
        {name: curves[name] for name in names if name in curves},
        tuple(names),
        tuple(row['run'] for row in there if row['run'] not in names),
    )


def write_rows(study: Study, collection: Collection) -> list[Path]:
    """Write ``runs.csv`` and ``curves.csv``.

    Args:
        study: The study.
        collection: Its rows and curves.

    Returns:
        The files.
    """
    runs, curves = _paths(study)
    runs.parent.mkdir(parents=True, exist_ok=True)
    metrics = dict.fromkeys(
        key for row in collection.rows for key in row if key not in FIXED
    )
    named = [metric.name for metric in study.metrics]
    others = [key for key in metrics if key not in named]
    counted = COST_COLUMNS if study.analysis.input_size else ()
    columns = [*BEFORE, *named, *others, PROTOCOL, *counted, *AFTER]
    _write(runs, columns, collection.rows)
    _write(
        curves,
        CURVE_COLUMNS,
        (
            dict(run=name, metric=study.metrics[0].name, step=x, value=y)
            for name, curve in collection.curves.items()
            for x, y in zip(curve.x, curve.y, strict=True)
        ),
    )
    return [runs, curves]


def _row(run: Run, study: Study, result: Mapping[str, Any]) -> Row:
    values = dict(
        run=run.name,
        group=run.group,
        label=run.label,
        config=run.config,
        overrides=run.overrides,
        seed=run.seed,
        data=study.data,
        **result['metrics'],
        protocol=protocol(_last_log(run)),
    )
    values.update((key, result[key]) for key in AFTER if key != 'data')
    return values


def _add_costs(
    study: Study, rows: Sequence[Row], before: Mapping[str, Row]
) -> None:
    """Count the networks of all rows, each entry's once."""
    size = study.analysis.input_size
    if size is None:
        for row in rows:  # kept ones may have counts
            for key in COST_COLUMNS:
                row.pop(key, None)
        return
    for entry in study.entries:
        of_entry = [row for row in rows if _is_of(row, entry)]
        counted = [
            old
            for row in of_entry
            if (old := before.get(row['run'])) is not None
            and old['config_hash'] == row['config_hash']
            and is_counted(old, size)
        ]
        if counted:
            values = {key: counted[0][key] for key in COST_COLUMNS}
        elif of_entry:
            cost = count_cost(entry_config(entry, str(study.path)), size)
            values = dict(input_size=size_text(size), **asdict(cost))
        for row in of_entry:
            row.update(values)


def _is_of(row: Row, entry: Entry) -> bool:
    return (row['group'], row['label']) == (entry.group, entry.label)


def _last_log(run: Run) -> Path:
    record = read_record(run)
    return Files(run.work_dir).log(len(record.attempts) if record else 0)


def _check_metrics(row: Row, study: Study) -> None:
    known = [key for key in row if key not in FIXED]
    for metric in study.metrics:
        if not isinstance(row.get(metric.name), float):
            raise InputError(
                f"{study.path}: metrics: run '{row['run']}' has no "
                f"'{metric.name}' in its last evaluation"
                f'{nearest(metric.name, known)} Nothing is lost: mend the '
                'name and collect again with --collect-only.'
            )


def _paths(study: Study) -> tuple[Path, Path]:
    folder = study.results_dir
    return folder / 'runs.csv', folder / 'curves.csv'


def _read_rows(study: Study) -> list[Row]:
    """Rows of an earlier collection; metrics are numbers again."""
    path = _paths(study)[0]
    rows: list[Row] = []
    for text in _read(path, BEFORE + AFTER):
        row: Row = dict(text)
        for key in [key for key in row if key not in FIXED]:
            if row[key] == '':
                del row[key]
            else:
                row[key] = _number(row[key], path)
        rows.append(row)
    return rows


def _read_curves(study: Study, metric: str) -> dict[str, Curve]:
    path = _paths(study)[1]
    points: dict[str, list[tuple[float, float]]] = {}
    for row in _read(path, CURVE_COLUMNS):
        if row['metric'] == metric:
            points.setdefault(row['run'], []).append(
                (_number(row['step'], path), _number(row['value'], path))
            )
    return {
        run: Curve([x for x, _ in pairs], [y for _, y in pairs])
        for run, pairs in points.items()
    }


def _read(path: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    if not path.is_file():
        return []
    with path.open(newline='', encoding='utf-8') as file:
        reader = csv.DictReader(file)
        missing = [
            key for key in columns if key not in (reader.fieldnames or [])
        ]
        if missing:
            raise InputError(
                f'{path}: expected the columns {", ".join(columns)}, found '
                f'no {", ".join(missing)}. It is written by '
                'tools/run_study.py; move it away.'
            )
        return list(reader)


def _number(text: str, path: Path) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise InputError(
            f'{path}: expected a number, found {text!r}. The file is written '
            'by tools/run_study.py; move it away.'
        ) from error


def _write(path: Path, columns: Sequence[str], rows: Iterable[Row]) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator='\n')
    writer.writeheader()
    writer.writerows(rows)
    write_text(path, text.getvalue())
