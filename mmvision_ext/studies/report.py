"""The summary as CSV, Markdown and LaTeX."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from mmvision_ext.utils.tables import markdown_table, number, save_csv

from .collect import Collection
from .latex import latex_table
from .spec import Metric, Study
from .summary import Cost, Kind, Statistic, SummaryRow

COLUMNS = ('kind', 'group', 'label', 'seeds', 'planned_seeds', 'epochs')
COSTS = ('params', 'multiply_adds', 'minutes')


def write_summary(
    study: Study, collection: Collection, rows: Sequence[SummaryRow]
) -> list[Path]:
    """Write ``summary.csv``, ``summary.md`` and ``summary.tex``.

    Args:
        study: The study.
        collection: Its finished runs.
        rows: Its summary.

    Returns:
        The files.
    """
    folder = study.results_dir
    paths = [folder / f'summary.{suffix}' for suffix in ('csv', 'md', 'tex')]
    _write_csv(paths[0], study, rows)
    header, cells = _cells(study, rows)
    notes = _notes(study, collection, rows)
    lines = '\n'.join(f'- {note}' for note in notes)
    paths[1].write_text(
        f'# {study.title}\n\n{markdown_table(header, cells)}\n\n{lines}\n',
        'utf-8',
    )
    blocks = [
        [row_cells for _, row_cells in block]
        for _, block in groupby(
            zip(rows, cells, strict=True),
            key=lambda pair: (pair[0].kind is Kind.RUNS, pair[0].group),
        )
    ]
    comments = '\n'.join(f'% {note}' for note in notes)
    paths[2].write_text(
        f'{comments}\n{latex_table(header, blocks)}\n', 'utf-8'
    )
    return paths


def _cells(
    study: Study, rows: Sequence[SummaryRow]
) -> tuple[list[str], list[list[str]]]:
    """Header and text cells; the difference is that of the main metric."""
    main = study.metrics[0]
    header = ['', 'seeds', 'epochs', *(item.title for item in study.metrics)]
    if study.baseline is not None:
        header.insert(4, f'{main.title}, difference')
    cells = []
    for row in rows:
        line = [row.name, _seeds(row), row.epochs or '–']
        line += [
            _value(row.statistics.get(metric.name), metric)
            for metric in study.metrics
        ]
        if study.baseline is not None:
            line.insert(4, _difference(row.statistics.get(main.name), main))
        if study.analysis.input_size is not None:
            line += _cost(row.cost)
        cells.append([*line, row.note])
    if study.analysis.input_size is not None:
        header += ['params (M)', 'multiply-adds (M)', 'training (min)']
    return [*header, 'note'], cells


def _cost(cost: Cost | None) -> list[str]:
    if cost is None or cost.params is None or cost.multiply_adds is None:
        return ['–'] * len(COSTS)
    return [
        f'{cost.params / 1e6:.3f}',
        f'{cost.multiply_adds / 1e6:.1f}',
        f'{cost.minutes:.1f}',
    ]


def _seeds(row: SummaryRow) -> str:
    if row.kind is not Kind.RUNS:
        return '–'
    if row.num_runs == row.planned:
        return str(row.planned)
    return f'{row.num_runs} of {row.planned}'


def _value(statistic: Statistic | None, metric: Metric) -> str:
    if statistic is None:
        return '–'
    spec = f'.{metric.digits}f'
    text = number(statistic.mean, spec)
    if statistic.sd is None:
        return text
    return f'{text} ± {number(statistic.sd, spec)}'


def _difference(statistic: Statistic | None, metric: Metric) -> str:
    if statistic is None or statistic.difference is None:
        return '–'
    text = number(statistic.difference, f'+.{metric.digits}f')
    return text.replace('-', '−')


def _notes(
    study: Study, collection: Collection, rows: Sequence[SummaryRow]
) -> list[str]:
    """What one has to know to read the table."""
    several = any(
        statistic.sd is not None
        for row in rows
        for statistic in row.statistics.values()
    )
    notes = [f'Data: {study.data}.', 'Metrics of the last epoch.']
    if several:
        notes.append('± is the sample standard deviation over seeds.')
    if study.baseline is not None:
        notes.append(
            f"Difference: of the means, to '{study.baseline}', of the same "
            'group where the group has it.'
        )
    if study.analysis.input_size is not None:
        height, width = study.analysis.input_size
        notes.append(
            'Multiply-adds: of convolutions and matrix products, for one '
            f'image of {height} x {width} pixels. Training: mean wall time, '
            'with start-up and evaluations; compare on one hardware only.'
        )
    missing = sum(row.planned - row.num_runs for row in rows)
    if missing:
        notes.append(f'{missing} run(s) of the study are not finished.')
    for title, key in (('Hardware', 'hardware'), ('Commit', 'commit')):
        found = dict.fromkeys(row[key] for row in collection.rows if row[key])
        notes.append(f'{title}: {"; ".join(found) or "unknown"}.')
    notes.append(f'Command: python tools/run_study.py {study.path}')
    return notes


def _write_csv(path: Path, study: Study, rows: Sequence[SummaryRow]) -> None:
    parts = ('mean', 'sd', 'difference')
    names = [metric.name for metric in study.metrics]
    header = [f'{name} {part}' for name in names for part in parts]
    costs = COSTS if study.analysis.input_size else ()
    cells = (
        [
            row.kind.value,
            row.group,
            row.label,
            row.num_runs,
            row.planned,
            row.epochs,
            *(
                getattr(statistic, part) if statistic else None
                for statistic in map(row.statistics.get, names)
                for part in parts
            ),
            *(getattr(row.cost, part) if row.cost else None for part in costs),
            row.note,
        ]
        for row in rows
    )
    save_csv(path, [*COLUMNS, *header, *costs, 'note'], cells)
