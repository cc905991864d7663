"""Speeds as a table and as rows of a CSV."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from rich.table import Table

from mmvision_ext.utils.tables import append_csv

from .breakdown import PARTS
from .measure import SpeedRow

_NUMBERS = ('images_per_second', 'lowest', 'highest')
_RATIOS = ('times_stock', 'times_bare')


def speed_table(rows: Sequence[SpeedRow]) -> Table:
    """Show speeds side by side.

    Args:
        rows: The speeds, at least one.

    Returns:
        The table; its caption names machine, batch and threads.
    """
    first = rows[0]
    table = Table(
        title='Images per second while training',
        caption=(
            f'{first.hardware}, {first.threads} thread(s), PyTorch '
            f'{first.torch_version}, batch {first.batch_size}; median of '
            f'{first.repeats} epoch(s) of {first.iterations} iterations, in '
            'turn; range: the slowest to the fastest. Stock: mmpretrain '
            f'with {first.workers} worker(s). Bare: a PyTorch loop on one '
            'batch; "x bare" is time over its time, in the same precision.'
        ),
    )
    for name in ('model', 'way', 'precision'):
        table.add_column(name, no_wrap=True)
    for name in ('images/s', 'range', 'x stock', 'x bare'):
        table.add_column(name, justify='right', no_wrap=True)
    previous = first.model
    for row in rows:
        if row.model != previous:
            table.add_section()
        previous = row.model
        compiled = f', compiled ({row.compiled})' if row.compiled else ''
        table.add_row(
            row.model,
            row.way,
            row.precision + compiled,
            f'{row.images_per_second:,.0f}',
            f'{row.lowest:,.0f}-{row.highest:,.0f}',
            f'{row.times_stock:.2f}',
            '' if row.times_bare is None else f'{row.times_bare:.2f}',
        )
    return table


def parts_table(model: str, parts: Mapping[str, Mapping[str, float]]) -> Table:
    """Show where the time of an iteration goes.

    Args:
        model: Name of the classifier.
        parts: Way of training to milliseconds of each part.

    Returns:
        The table, a row a part.
    """
    table = Table(
        title=f'{model}: milliseconds of an iteration',
        caption='The device is waited for after every part.',
    )
    table.add_column('part', no_wrap=True)
    for way in parts:
        table.add_column(way, justify='right')
    for part in PARTS:
        table.add_row(part, *(f'{of[part]:.2f}' for of in parts.values()))
    table.add_section()
    table.add_row('sum', *(f'{sum(of.values()):.2f}' for of in parts.values()))
    return table


def append_speeds(rows: Sequence[SpeedRow], path: str | Path) -> None:
    """Add rows to a CSV; the file and its folder are made where missing.

    Args:
        rows: The rows.
        path: The file.

    Raises:
        InputError: If the file has other columns.
    """
    cells = [asdict(row) for row in rows]
    for row in cells:
        for name in _NUMBERS:
            row[name] = f'{row[name]:.1f}'
        for name in _RATIOS:
            if row[name] is not None:
                row[name] = f'{row[name]:.3f}'
    append_csv(path, cells)
