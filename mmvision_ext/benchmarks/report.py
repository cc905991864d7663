"""Rows of benchmarks as one table and one CSV."""

from collections.abc import Sequence
from pathlib import Path

import torch
from rich.table import Table

from mmvision_ext.utils.provenance import (
    code_commit,
    hardware_name,
    processor_name,
)
from mmvision_ext.utils.tables import append_csv

from .row import BenchmarkRow

Results = Sequence[tuple[str, float, list[BenchmarkRow]]]


def results_table(results: Results) -> Table:
    """Show all rows, a section a benchmark.

    Args:
        results: Name, load average and rows of each benchmark.

    Returns:
        The table; its caption names the machine and its load.
    """
    loads = [load for _, load, _ in results]
    table = Table(
        title='Benchmarks',
        caption=(
            f'{hardware_name("cpu")}, '
            f'PyTorch {torch.__version__}; load average {min(loads):.1f} to '
            f'{max(loads):.1f}. Ratio: how many times as fast ours is.'
        ),
    )
    table.add_column('what', min_width=24)
    for name in ('ours', 'other', 'unit', 'ratio', 'aim'):
        table.add_column(name, justify='right', no_wrap=True)
    for name, _, rows in results:
        table.add_section()
        table.add_row(f'[bold]{name}[/bold]')
        for row in rows:
            table.add_row(
                _description(row),
                _value(row.ours),
                _value(row.peer),
                row.unit,
                f'{row.ratio:.2f}',
                row.aim,
            )
    return table


def _description(row: BenchmarkRow) -> str:
    """What was measured, and below it what the other is."""
    difference = f'; {row.difference}' if row.difference else ''
    return f'{row.what}\n[dim]against {row.peer_name}{difference}[/dim]'


def _value(value: float) -> str:
    """Three digits, or all before the point."""
    return f'{value:,.0f}' if value >= 100 else f'{value:.3g}'


def append_results(
    path: str | Path, results: Results, quick: bool, command: str
) -> None:
    """Add all rows to a CSV; the file and its folder are made where missing.

    Args:
        path: The file.
        results: Name, load average and rows of each benchmark.
        quick: Whether they were run on little.
        command: How they were started.

    Raises:
        InputError: The file has other columns.
    """
    common = dict(
        quick=quick,
        commit=code_commit(),
        hardware=processor_name(),
        threads=torch.get_num_threads(),
    )
    cells = [
        dict(
            benchmark=name,
            what=row.what,
            ours=f'{row.ours:.4g}',
            other=f'{row.peer:.4g}',
            unit=row.unit,
            ratio=f'{row.ratio:.3f}',
            aim=row.aim,
            other_is=row.peer_name,
            difference=row.difference,
            **common,
            load=f'{load:.2f}',
            command=command,
        )
        for name, load, rows in results
        for row in rows
    ]
    append_csv(path, cells)
