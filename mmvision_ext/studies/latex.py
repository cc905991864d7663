"""Tables as LaTeX, for papers; booktabs style."""

from collections.abc import Sequence

SPECIAL = {
    '\\': r'\textbackslash{}',
    '&': r'\&',
    '%': r'\%',
    '$': r'\$',
    '#': r'\#',
    '_': r'\_',
    '{': r'\{',
    '}': r'\}',
    '~': r'\textasciitilde{}',
    '^': r'\textasciicircum{}',
    '<': r'\textless{}',
    '>': r'\textgreater{}',
    '±': r'$\pm$',
    '−': '$-$',
    '–': '--',
}


def escape(text: str) -> str:
    """Write a text so that LaTeX prints it as it is.

    Args:
        text: Any text.

    Returns:
        LaTeX source.
    """
    return ''.join(SPECIAL.get(character, character) for character in text)


def latex_table(
    header: Sequence[str], blocks: Sequence[Sequence[Sequence[str]]]
) -> str:
    """Write a LaTeX table.

    Args:
        header: Names of the columns.
        blocks: Rows of cells; a rule separates one block from the next.

    Returns:
        A ``tabular`` that needs the package booktabs; the first column is
        flush left, the others flush right.

    Raises:
        ValueError: A row has another number of cells than the header.
    """
    wrong = [row for rows in blocks for row in rows if len(row) != len(header)]
    if wrong:
        raise ValueError(
            f'latex_table: expected {len(header)} cells in every row, found '
            f'{wrong[0]}.'
        )

    def line(cells: Sequence[str]) -> str:
        return ' & '.join(map(escape, cells)) + r' \\'

    body = '\n\\midrule\n'.join(
        '\n'.join(map(line, rows)) for rows in blocks if rows
    )
    return '\n'.join(
        [
            '% needs \\usepackage{booktabs}',
            f'\\begin{{tabular}}{{l{"r" * (len(header) - 1)}}}',
            r'\toprule',
            line(header),
            r'\midrule',
            body,
            r'\bottomrule',
            r'\end{tabular}',
        ]
    )
