"""What a training measured, epoch by epoch, from its logs."""

import bisect
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mmvision_ext.visualization.charts import Curve
from mmvision_ext.visualization.training_log import (
    TrainingLog,
    log_files,
    read_records,
    read_training_log,
)

Row = dict[str, float]


@dataclass(frozen=True)
class History:
    """The course of a training.

    Attributes:
        unit: What a row stands for, ``'epoch'``, or ``'iteration'`` for a
            training that counts iterations: there, each validation and what
            was logged since the one before.
        rows: A row an epoch: its number under the name of the unit; the last
            learning rates of the epoch; of losses and other quantities of
            training the mean of the values that were logged; every metric of
            its validation.
        not_finite: Quantity to the number of its values that are nan or
            infinite, which are in no row.
        log: All logged values.
    """

    unit: str
    rows: list[Row]
    not_finite: dict[str, int]
    log: TrainingLog

    def column(self, key: str) -> list[tuple[int, float]]:
        """Values of a quantity.

        Args:
            key: Its name.

        Returns:
            Epoch and value for each row that has it.
        """
        return [
            (int(row[self.unit]), row[key]) for row in self.rows if key in row
        ]

    def row(self, number: int) -> Row:
        """One row.

        Args:
            number: Its epoch.

        Returns:
            The row.
        """
        return next(row for row in self.rows if row[self.unit] == number)


def read_history(work_dir: str | Path) -> History:
    """Read the course of a training; logs of a resumed one are joined.

    Args:
        work_dir: Work directory of a run, or one dated folder in it.

    Returns:
        The history.

    Raises:
        InputError: There is no log with content, or it is damaged.
    """
    log = read_training_log(work_dir)
    epochs, not_finite = _scan(log_files(work_dir))
    rows: dict[int, Row] = {}
    for key, curve in log.train.items():
        numbers = _numbers(log, curve, epochs)
        rate = key == 'lr' or key.startswith('lr/') or key.endswith('/lr')
        values: dict[int, list[float]] = {}
        for number, value in zip(numbers, curve.y, strict=True):
            values.setdefault(number, []).append(value)
        for number, found in values.items():
            rows.setdefault(number, {})[key] = (
                found[-1] if rate else math.fsum(found) / len(found)
            )
    for key, curve in log.val.items():
        for step, value in zip(curve.x, curve.y, strict=True):
            rows.setdefault(int(step), {})[key] = value
    return History(
        log.val_unit,
        [{log.val_unit: number, **rows[number]} for number in sorted(rows)],
        not_finite,
        log,
    )


def _scan(files: Sequence[Path]) -> tuple[dict[int, int], dict[str, int]]:
    """Epoch of each step, and how many values of each quantity are not finite.

    Where a training was resumed, a later log says which epoch a step is of.
    """
    epochs: dict[int, int] = {}
    not_finite: dict[str, int] = {}
    for file in files:
        for record in read_records(file):
            if 'epoch' in record:
                epochs[int(record['step'])] = int(record['epoch'])
            for key, value in record.items():
                if isinstance(value, float) and not math.isfinite(value):
                    not_finite[key] = not_finite.get(key, 0) + 1
    return epochs, not_finite


def _numbers(
    log: TrainingLog, curve: Curve, epochs: Mapping[int, int]
) -> list[int]:
    """Row of each value of a training quantity.

    In a training that counts iterations it is that of the next validation,
    or, behind the last one, of the iteration itself.
    """
    if log.val_unit == 'epoch':
        return [epochs[int(step)] for step in curve.x]
    ends = sorted({int(x) for metric in log.val.values() for x in metric.x})
    places = [bisect.bisect_left(ends, step) for step in curve.x]
    return [
        ends[place] if place < len(ends) else int(step)
        for place, step in zip(places, curve.x, strict=True)
    ]
