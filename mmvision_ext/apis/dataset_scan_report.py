"""A scan of images as tables and files."""

import json
from collections import defaultdict
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mmvision_ext.utils.tables import save_csv

from .dataset_scan import DatasetScan, ScannedDataset

_COLUMNS = ('image', 'split', 'kind', 'fails', 'text')
_EXAMPLES = 3  # files shown of a kind


def print_scan(scan: DatasetScan, console: Console | None = None) -> None:
    """Show a table of datasets and one of what was found.

    Args:
        scan: The scan.
        console: Where to; None is the standard output.
    """
    console = console or Console()
    table = Table(title='Images')
    for name in ('dataset', 'type'):
        table.add_column(name, overflow='fold')
    for name in ('samples', 'files', 'errors', 'warnings'):
        table.add_column(name, justify='right')
    for dataset in scan.datasets:
        table.add_row(dataset.key, dataset.type, *_counts(scan, dataset))
    console.print(table)
    kinds = defaultdict(list)
    for record in scan.records.values():
        for problem in record.problems:
            kinds[not problem.fails, problem.kind].append((record, problem))
    if not kinds:
        console.print('Nothing unusual.')
        return
    table = Table('', 'what', title='Found', show_lines=True)
    table.add_column('files', justify='right')
    table.add_column('examples', overflow='fold')
    for (is_warning, kind), cases in sorted(kinds.items()):
        lines = [f'{r.path}: {p.text}' for r, p in cases[:_EXAMPLES]]
        if len(cases) > _EXAMPLES:
            lines.append(f'and {len(cases) - _EXAMPLES} more')
        level = 'warning' if is_warning else 'error'
        text = Text('\n'.join(lines))  # paths may look like markup
        table.add_row(level, kind, str(len(cases)), text)
    console.print(table)


def save_scan(scan: DatasetScan, folder: str | Path) -> list[Path]:
    """Write ``images.csv``, a line a problem, and ``summary.json``.

    Args:
        scan: The scan.
        folder: Where to; made where it is missing.

    Returns:
        The two files.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    table, summary = folder / 'images.csv', folder / 'summary.json'
    splits: dict[str, list[str]] = defaultdict(list)
    for dataset in scan.datasets:
        for path in dataset.files:
            if dataset.split not in splits[path]:
                splits[path].append(dataset.split)
    kinds: dict[str, int] = defaultdict(int)
    rows = []
    for path, record in scan.records.items():
        for problem in record.problems:
            kinds[problem.kind] += 1
            rows.append(
                (
                    path,
                    ' '.join(splits[path]),
                    problem.kind,
                    int(problem.fails),
                    problem.text,
                )
            )
    save_csv(table, _COLUMNS, rows)
    datasets = [
        dict(
            zip(
                ('dataset', 'type', 'samples', 'files', 'errors', 'warnings'),
                (
                    dataset.key,
                    dataset.type,
                    *map(int, _counts(scan, dataset)),
                ),
                strict=True,
            )
        )
        for dataset in scan.datasets
    ]
    content = dict(fails=scan.fails, datasets=datasets, kinds=dict(kinds))
    summary.write_text(json.dumps(content, indent=1) + '\n', encoding='utf-8')
    return [table, summary]


def _counts(
    scan: DatasetScan, dataset: ScannedDataset
) -> tuple[str, str, str, str]:
    """Samples, files, and files with errors and with warnings only."""
    errors = warnings = 0
    for path in dataset.files:
        problems = scan.records[path].problems
        if any(problem.fails for problem in problems):
            errors += 1
        elif problems:
            warnings += 1
    return (
        str(dataset.samples),
        str(len(dataset.files)),
        str(errors),
        str(warnings),
    )
