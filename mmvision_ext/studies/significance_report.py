"""Tests against the baseline as CSV, Markdown and LaTeX."""

from collections.abc import Sequence
from dataclasses import astuple, fields
from itertools import groupby
from pathlib import Path

from mmvision_ext.utils.tables import markdown_table, number, save_csv

from .latex import latex_table
from .significance import Comparison
from .spec import Study


def write_significance(
    study: Study, comparisons: Sequence[Comparison]
) -> list[Path]:
    """Write ``significance.csv``, ``.md`` and ``.tex``.

    Args:
        study: A study with a level.
        comparisons: Its tests; none where the baseline alone is finished.

    Returns:
        The files.
    """
    folder = study.results_dir
    paths = [
        folder / f'significance.{suffix}' for suffix in ('csv', 'md', 'tex')
    ]
    names = [field.name for field in fields(Comparison)]
    save_csv(paths[0], names, map(astuple, comparisons))
    level = study.analysis.level or 0.0
    main = study.metrics[0]
    header = [
        '',
        'baseline',
        f'{main.title}, difference',
        f'{100 - level * 100:g} % interval',
        'p',
        'p, Holm',
        'result',
    ]
    cells = [_cells(item, main.digits) for item in comparisons]
    notes = [
        f'Data: {study.data}.',
        "Welch's t-test of equal means, two-sided; the interval is that of "
        'one difference by itself. Holm: corrected for all entries that are '
        'compared with the same baseline; the result is by this p.',
        'n is the number of seeds; with three of them only large differences '
        'can be told from chance.',
    ]
    table = markdown_table(header, cells)
    lines = '\n'.join(f'- {note}' for note in notes)
    paths[1].write_text(
        f'# {study.title}: tests against the baseline\n\n{table}\n\n{lines}\n',
        'utf-8',
    )
    blocks = [
        [row for _, row in block]
        for _, block in groupby(
            zip(comparisons, cells, strict=True), lambda pair: pair[0].group
        )
    ]
    comments = '\n'.join(f'% {note}' for note in notes)
    paths[2].write_text(
        f'{comments}\n{latex_table(header, blocks)}\n', 'utf-8'
    )
    return paths


def _cells(item: Comparison, digits: int) -> list[str]:
    spec = f'+.{digits + 1}f'
    interval = '–'
    if item.low is not None and item.high is not None:
        interval = _minus(f'{item.low:{spec}} to {item.high:{spec}}')
    return [
        item.name,
        item.baseline,
        _minus(number(item.difference, spec)),
        interval,
        number(item.p, '.3g'),
        number(item.p_holm, '.3g'),
        item.note,
    ]


def _minus(text: str) -> str:
    return text.replace('-', '−')
