"""Tables as text and as CSV files."""

import csv
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from .errors import InputError


def markdown_table(
    header: Sequence[str], rows: Sequence[Sequence[str]]
) -> str:
    """Write a Markdown table whose columns line up.

    Args:
        header: Names of the columns.
        rows: Cells, as many per row as there are columns. A ``|`` in one is
            escaped.

    Returns:
        The table; the first column is flush left, the others flush right.

    Raises:
        ValueError: A row has another number of cells.
    """
    lines = [
        [cell.replace('|', r'\|') for cell in row] for row in (header, *rows)
    ]
    widths = [
        max(3, *(len(cell) for cell in column))
        for column in zip(*lines, strict=True)
    ]

    def join(cells: Sequence[str]) -> str:
        first, *others = (
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(
                zip(cells, widths, strict=True)
            )
        )
        return '| ' + ' | '.join([first, *others]) + ' |'

    rule = (
        '|'
        + '|'.join(
            '-' * (width + 2) if column == 0 else '-' * (width + 1) + ':'
            for column, width in enumerate(widths)
        )
        + '|'
    )
    return '\n'.join([join(lines[0]), rule, *map(join, lines[1:])])


def number(value: float | None, spec: str) -> str:
    """Write a number, or a dash where there is none.

    Args:
        value: The number; None or nan is none.
        spec: Format specification, such as ``'.3f'``.

    Returns:
        The text.
    """
    if value is None or math.isnan(value):
        return '–'
    return format(value, spec)


def save_csv(
    path: str | Path,
    header: Sequence[str],
    rows: Iterable[Iterable[object]],
) -> Path:
    """Write a CSV file; one that is there is replaced.

    Args:
        path: The file; its folder is made where missing.
        header: Names of the columns.
        rows: Cells, in the order of the columns; None is an empty one.

    Returns:
        The path.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open('w', newline='', encoding='utf-8') as file:
        writer = csv.writer(file, lineterminator='\n')
        writer.writerow(header)
        writer.writerows(rows)
    return path


def append_csv(path: str | Path, rows: Sequence[Mapping[str, object]]) -> None:
    """Add rows to a CSV; the file and its folder are made where missing.

    Args:
        path: The file.
        rows: Column to cell, at least one row; all have the same columns.

    Raises:
        InputError: If the file has other columns.
    """
    path, names = Path(path), list(rows[0])
    is_new = not path.exists()
    if not is_new:
        with path.open(newline='', encoding='utf-8') as file:
            found = next(csv.reader(file), [])
        if found != names:
            raise InputError(
                f'{path}: expected the columns {", ".join(names)}, found '
                f'{", ".join(found) or "none"}. Name another file.'
            )
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open('a', newline='', encoding='utf-8') as file:
        writer = csv.DictWriter(file, names, lineterminator='\n')
        if is_new:
            writer.writeheader()
        writer.writerows(rows)
