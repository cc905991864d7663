"""Training runs of classifiers side by side, from their work directories."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from mmengine.config import Config

from mmvision_ext.utils import InputError
from mmvision_ext.utils.tables import markdown_table, number, save_csv
from mmvision_ext.visualization.charts import Curve, Panel, plot_curves
from mmvision_ext.visualization.training_log import (
    TrainingLog,
    read_training_log,
)

from .model import count_parameters, load_config

TOP1, TOP5 = 'accuracy/top1', 'accuracy/top5'
MEAN_CLASS = 'accuracy/mean_class'


@dataclass(frozen=True)
class Run:
    """One training run and where it lies.

    Attributes:
        name: What tables and charts call it.
        work_dir: Its work directory.
    """

    name: str
    work_dir: str


@dataclass(frozen=True)
class RunRow:
    """Last validation of a run, and how it came about.

    Accuracies are in per cent; None where the log has none of that name.
    """

    name: str
    top1: float | None
    top5: float | None
    mean_class: float | None
    epochs: int | None
    planned_epochs: int | None
    params: int
    seed: int | None
    config: str
    work_dir: str


def parse_runs(texts: Sequence[str]) -> list[Run]:
    """Read ``NAME=WORK_DIR`` or ``WORK_DIR``.

    Args:
        texts: What the user wrote. Names and folders may contain ``=``; an
            existing folder is one without a name.

    Returns:
        The runs. Without a name, one is called by the parts of its folder's
        name, between ``_``, in which the folders differ.

    Raises:
        InputError: There are none, or a name occurs twice.
    """
    pairs = [_name_and_folder(text) for text in texts]
    folders = [Path(folder).resolve().name for _, folder in pairs]
    runs = [
        Run(name or short, folder)
        for (name, folder), short in zip(
            pairs, short_names(folders), strict=True
        )
    ]
    names = [run.name for run in runs]
    if not runs or len(set(names)) < len(names):
        raise InputError(
            'runs: expected at least one, and different names, found '
            f'{names}. Name them: NAME=WORK_DIR.'
        )
    return runs


def _name_and_folder(text: str) -> tuple[str, str]:
    """The longest existing folder that follows ``=``, and the name before."""
    parts = text.split('=')
    for start in range(len(parts)):
        folder = '='.join(parts[start:])
        if folder and Path(folder).is_dir():
            return '='.join(parts[:start]), folder
    name, _, folder = text.rpartition('=')
    return name, folder


def short_names(names: Sequence[str]) -> list[str]:
    """Leave out the parts, between ``_``, that all names have in common.

    Args:
        names: Long names.

    Returns:
        Short names; the long ones where nothing would be left of one.
    """
    parts = [name.split('_') for name in names]
    shared = set(parts[0]).intersection(*parts) if parts else set()
    short = [
        '_'.join(part for part in name if part not in shared) for name in parts
    ]
    return short if all(short) else list(names)


def compare_runs(
    runs: Sequence[Run],
) -> tuple[list[RunRow], list[TrainingLog]]:
    """Read the logs and configs of runs.

    Args:
        runs: The runs.

    Returns:
        A row and a log per run.

    Raises:
        InputError: A folder has no log, or not exactly one config.
    """
    rows, logs = [], []
    for run in runs:
        log = read_training_log(run.work_dir)
        config = _config_of(run.work_dir)
        epochs = log.val[TOP1].x[-1] if TOP1 in log.val else None
        by_epoch = log.val_unit == 'epoch'
        rows.append(
            RunRow(
                name=run.name,
                top1=_last(log, TOP1),
                top5=_last(log, TOP5),
                mean_class=_last(log, MEAN_CLASS),
                epochs=int(epochs) if epochs and by_epoch else None,
                planned_epochs=(config.get('train_cfg') or {}).get(
                    'max_epochs'
                ),
                params=count_parameters(config),
                seed=(config.get('randomness') or {}).get('seed'),
                config=str(config.filename),
                work_dir=run.work_dir,
            )
        )
        logs.append(log)
    return rows, logs


def runs_table(rows: Sequence[RunRow]) -> str:
    """Rows as a Markdown table.

    Args:
        rows: Results of the runs.

    Returns:
        The table, with a line below on what its numbers are.
    """
    cells = [
        [
            row.name,
            number(row.top1, '.2f'),
            number(row.top5, '.2f'),
            number(row.mean_class, '.2f'),
            _epochs(row),
            f'{row.params / 1e6:.2f}',
            number(row.seed, 'd'),
        ]
        for row in rows
    ]
    header = [
        'run',
        'top-1 (%)',
        'top-5 (%)',
        'mean class (%)',
        'epochs',
        'parameters (M)',
        'seed',
    ]
    return (
        markdown_table(header, cells)
        + '\n\nAccuracies are those of the last validation, whichever epoch '
        'was best.\n'
    )


def write_runs(
    rows: Sequence[RunRow], logs: Sequence[TrainingLog], folder: str | Path
) -> list[Path]:
    """Write ``classifiers.md``, ``classifiers.csv`` and ``classifiers.png``.

    Args:
        rows: Results of the runs.
        logs: Their logs.
        folder: Where to; made where missing.

    Returns:
        The files written.

    Raises:
        InputError: No run has validated or trained.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    text, table = folder / 'classifiers.md', folder / 'classifiers.csv'
    text.write_text(runs_table(rows), 'utf-8')
    save_csv(
        table, [field.name for field in fields(RunRow)], map(astuple, rows)
    )
    unit = logs[0].val_unit
    panels = [
        _panel(title, axis, [row.name for row in rows], curves)
        for title, axis, curves in (
            (
                'validation top-1 (%)',
                unit,
                [log.val.get(TOP1) for log in logs],
            ),
            (
                'validation mean class (%)',
                unit,
                [log.val.get(MEAN_CLASS) for log in logs],
            ),
            (
                'training loss',
                'iteration',
                [log.train.get('loss') for log in logs],
            ),
        )
        if any(curves)
    ]
    if not panels:
        raise InputError(
            f'logs: expected {TOP1} or loss in at least one, found neither.'
        )
    chart = plot_curves(
        panels, folder / 'classifiers.png', num_columns=len(panels)
    )
    return [text, table, chart]


def _panel(
    title: str,
    axis: str,
    names: Sequence[str],
    curves: Sequence[Curve | None],
) -> Panel:
    return Panel(
        title,
        axis,
        {
            name: curve
            for name, curve in zip(names, curves, strict=True)
            if curve is not None
        },
    )


def _last(log: TrainingLog, key: str) -> float | None:
    return log.val[key].y[-1] if key in log.val else None


def _epochs(row: RunRow) -> str:
    if row.epochs is None:
        return '–'
    if row.planned_epochs and row.planned_epochs != row.epochs:
        return f'{row.epochs} of {row.planned_epochs}'
    return str(row.epochs)


def _config_of(work_dir: str) -> Config:
    """The config that mmengine put into the work directory."""
    files = sorted(Path(work_dir).glob('*.py'))
    if len(files) != 1:
        raise InputError(
            f'work directory {work_dir}: expected one config (*.py), which '
            f'mmengine writes there, found {[file.name for file in files]}. '
            'Leave only that of the run.'
        )
    return load_config(files[0])
