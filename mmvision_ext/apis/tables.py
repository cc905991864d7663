"""Tables as text."""

from collections.abc import Sequence


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
        value: The number, or None.
        spec: Format specification, such as ``'.3f'``.

    Returns:
        The text.
    """
    return '–' if value is None else format(value, spec)
