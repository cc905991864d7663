"""Training curves from the logs that mmengine's runner writes."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mmvision_ext.utils import InputError

from .charts import Curve, Panel, plot_curves

SCALARS = 'vis_data/scalars.json'
NOT_PLOTTED = ('step', 'iter', 'epoch', 'time', 'data_time', 'memory')


@dataclass
class TrainingLog:
    """What one run recorded.

    Attributes:
        name: Name of the work directory.
        train: Quantity to its values at each logged iteration.
        val: Metric to its values at each validation.
        val_unit: What validations are counted in, ``'epoch'`` or
            ``'iteration'``.
    """

    name: str
    train: dict[str, Curve] = field(default_factory=dict)
    val: dict[str, Curve] = field(default_factory=dict)
    val_unit: str = 'epoch'


def log_files(work_dir: str | Path) -> list[Path]:
    """Logs of a work directory, one for each start of its training.

    Args:
        work_dir: Work directory of a run, or one dated folder in it.

    Returns:
        Files ``vis_data/scalars.json``, oldest first.
    """
    work_dir = Path(work_dir)
    files = sorted(work_dir.glob(f'*/{SCALARS}'))
    own = work_dir / SCALARS
    return [*files, own] if own.is_file() else files


def read_training_log(work_dir: str | Path) -> TrainingLog:
    """Read the scalars of a work directory.

    A run that was interrupted and resumed has one log per start; each later
    log replaces what earlier ones say from its first step on.

    Args:
        work_dir: Work directory of a run, or one dated folder in it.

    Returns:
        The log. Values that are not finite are left out.

    Raises:
        InputError: There is no such folder, or no ``vis_data/scalars.json``
            with content in it, or a line of one, other than the last, is not a
            JSON object.
    """
    work_dir = Path(work_dir)
    if not work_dir.is_dir():
        raise InputError(
            f'work directory {work_dir}: expected a folder, found none. Name '
            'the --work-dir of a training.'
        )
    files = log_files(work_dir)
    train: list[dict[str, float]] = []
    val: list[dict[str, float]] = []
    for file in files:
        records = read_records(file)
        train = _continued(
            train, [item for item in records if 'iter' in item or 'lr' in item]
        )
        val = _continued(
            val,
            [
                item
                for item in records
                if 'iter' not in item and 'lr' not in item
            ],
        )
    if not train and not val:
        found = f'{len(files)}, all empty' if files else 'none'
        raise InputError(
            f'work directory {work_dir}: expected {SCALARS} with content in '
            f'it or in a dated folder of it, found {found}. mmengine '
            'writes them where vis_backends has a LocalVisBackend.'
        )
    by_epoch = bool(train) and 'epoch' in train[-1]
    return TrainingLog(
        work_dir.resolve().name,
        _curves(train),
        _curves(val),
        'epoch' if by_epoch else 'iteration',
    )


def plot_training_logs(
    logs: Sequence[TrainingLog], path: str | Path, keys: Sequence[str] = ()
) -> Path:
    """Draw the logs of one or more runs, one panel per quantity.

    Args:
        logs: The runs; those of one name are numbered.
        path: Picture to write.
        keys: Quantities to draw, by their names in the log. None given draws
            the learning rate, all losses and the most common metrics.

    Returns:
        The path.

    Raises:
        InputError: No run has one of the quantities.
    """
    names = _distinct([log.name for log in logs])
    known = list(
        dict.fromkeys(key for log in logs for key in (*log.train, *log.val))
    )
    unknown = [key for key in keys if key not in known]
    if unknown:
        raise InputError(
            f'quantities: found none named {unknown} in the '
            f'logs; there are {known}.'
        )
    panels = []
    for key in keys or _usual(known):
        training = {
            name: log.train[key]
            for name, log in zip(names, logs, strict=True)
            if key in log.train
        }
        validation = {
            name: log.val[key]
            for name, log in zip(names, logs, strict=True)
            if key in log.val
        }
        if training:
            panels.append(Panel(key, 'iteration', training))
        if validation:
            unit = next(log.val_unit for log in logs if key in log.val)
            panels.append(Panel(f'{key} (validation)', unit, validation))
    title = 'Training: ' + ', '.join(names)
    return plot_curves(panels, path, title, num_columns=3)


def read_records(file: Path) -> list[dict[str, float]]:
    """Read the lines of one log.

    Args:
        file: A ``scalars.json``.

    Returns:
        A record a line. A last line that is not whole is left out: the run
        was killed while it was written.

    Raises:
        InputError: Another line is not a JSON object.
    """
    records = []
    lines = file.read_text('utf-8', 'replace').splitlines()
    for number, line in enumerate(lines, start=1):
        record = parse_record(line)
        if record is not None:
            records.append(record)
        elif number < len(lines):
            raise InputError(
                f'{file}, line {number}: expected a JSON object, found '
                f'{line[:60]!r}. Delete the line.'
            )
    return records


def parse_record(line: str) -> dict[str, float] | None:
    """Read one line of a log.

    Args:
        line: The line.

    Returns:
        The record; None where the line is not a JSON object.
    """
    try:
        record = json.loads(line)
    except json.JSONDecodeError:
        return None
    return record if isinstance(record, dict) else None


def _continued(
    before: list[dict[str, float]], after: list[dict[str, float]]
) -> list[dict[str, float]]:
    """Records of a run and of its continuation, without the overlap."""
    if not after:
        return before
    first = after[0]['step']
    return [item for item in before if item['step'] < first] + after


def _curves(records: Sequence[dict[str, float]]) -> dict[str, Curve]:
    points: dict[str, list[tuple[float, float]]] = {}
    for record in records:
        for key, value in record.items():
            if (
                key not in NOT_PLOTTED
                and isinstance(value, (int, float))
                and math.isfinite(value)
            ):
                points.setdefault(key, []).append((record['step'], value))
    return {
        key: Curve([x for x, _ in pairs], [y for _, y in pairs])
        for key, pairs in points.items()
    }


def _usual(known: Sequence[str]) -> list[str]:
    """Loss first, its parts, the learning rate, then the main metrics.

    Losses of single stages (``s0.loss_cls``) are left out, and so are rates
    of single parameter groups (``lr/head``), gradient norms, and metrics of
    single classes and object sizes.
    """
    total = ['loss'] if 'loss' in known else []
    losses = [
        key for key in known if key.startswith('loss_') and '.' not in key
    ]
    rates = [key for key in known if key == 'lr' or key.endswith('/lr')]
    watched = ('lr/', 'gradients/')
    parts = ('_mAP_s', '_mAP_m', '_mAP_l', '_precision', '_precision_50')
    metrics = [
        key
        for key in known
        if '/' in key
        and key not in rates
        and not key.startswith(watched)
        and not key.endswith(parts)
    ]
    return [*total, *losses, *rates, *metrics]


def _distinct(names: Sequence[str]) -> list[str]:
    """Number names that occur more than once."""
    seen: dict[str, int] = {}
    distinct = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        distinct.append(
            name if names.count(name) == 1 else f'{name} ({seen[name]})'
        )
    return distinct
