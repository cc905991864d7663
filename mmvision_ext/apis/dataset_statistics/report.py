"""Tables and charts of what a dataset holds."""

from pathlib import Path

import numpy as np

from mmvision_ext.utils.tables import markdown_table, save_csv
from mmvision_ext.visualization.charts import plot_bars
from mmvision_ext.visualization.dataset_charts import (
    plot_cooccurrence,
    plot_sizes,
)

from .measure import DatasetStatistics

MOST_BARS = 60
MOST_CELLS = 40
_UNIT = dict(objects='objects', classes='samples', attributes='samples')


def write_statistics(
    statistics: DatasetStatistics, folder: str | Path, title: str
) -> list[Path]:
    """Write tables and charts.

    Args:
        statistics: The counts.
        folder: Where they go; made where missing.
        title: What the dataset is called, above the charts.

    Returns:
        ``summary.md``, ``classes.csv``, ``balance.png``, and where there is
        something to show, ``sizes.png`` and ``together.png``.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    files = [
        _write_summary(statistics, folder / 'summary.md', title),
        _write_classes(statistics, folder / 'classes.csv'),
        _plot_balance(statistics, folder / 'balance.png', title),
    ]
    if len(statistics.object_sizes) or len(statistics.image_sizes):
        files.append(
            plot_sizes(
                statistics.object_sizes,
                statistics.image_sizes,
                folder / 'sizes.png',
                title,
            )
        )
    if statistics.kind != 'classes' and len(statistics.names) > 1:
        chosen = np.argsort(-statistics.samples, kind='stable')[:MOST_CELLS]
        chosen = chosen[statistics.samples[chosen] > 0]
        if len(chosen) > 1:
            files.append(
                plot_cooccurrence(
                    statistics.together[np.ix_(chosen, chosen)],
                    [statistics.names[index] for index in chosen],
                    folder / 'together.png',
                    f'{title}: what occurs together'
                    + _of(len(chosen), len(statistics.names)),
                )
            )
    return files


def summary_rows(statistics: DatasetStatistics) -> list[list[str]]:
    """What stands in the summary.

    Args:
        statistics: The counts.

    Returns:
        Quantity and value.
    """
    counts = statistics.objects
    present = counts[counts > 0]
    rows = [['samples', str(statistics.total)]]
    if statistics.kind == 'objects':
        rows += [
            ['objects', str(counts.sum())],
            ['objects that are ignored', str(statistics.ignored)],
        ]
    if statistics.kind != 'classes':
        rows += [
            ['a sample, mean', f'{statistics.per_sample.mean():.2f}'],
            ['a sample, most', str(statistics.per_sample.max())],
            ['samples without any', str(statistics.empty)],
        ]
    rows += [
        ['names', str(len(statistics.names))],
        ['names without any', str((counts == 0).sum())],
    ]
    if len(present):
        rows.append(
            [
                'most frequent over rarest that occurs',
                f'{present.max() / present.min():.1f}',
            ]
        )
    if not statistics.known.all() or statistics.kind == 'attributes':
        share = statistics.known.sum() / (
            statistics.total * len(statistics.names)
        )
        rows.append(['entries that are known', f'{share:.1%}'])
    if len(statistics.object_sizes):
        sides = np.sqrt(statistics.object_sizes.prod(1))
        rows.append(
            ['side of an object, median', f'{np.median(sides):.0f} px']
        )
    if len(statistics.image_sizes):
        width, height = np.median(statistics.image_sizes, axis=0)
        rows.append(['image, median', f'{width:.0f} x {height:.0f} px'])
    return rows


def _write_summary(
    statistics: DatasetStatistics, path: Path, title: str
) -> Path:
    table = markdown_table(['quantity', 'value'], summary_rows(statistics))
    path.write_text(f'# {title}\n\n{table}\n', 'utf-8')
    return path


def _write_classes(statistics: DatasetStatistics, path: Path) -> Path:
    return save_csv(
        path,
        ('name', 'objects', 'samples', 'known', 'share'),
        (
            (
                name,
                objects,
                samples,
                known,
                f'{samples / known:.4f}' if known else '',
            )
            for name, objects, samples, known in zip(
                statistics.names,
                statistics.objects.tolist(),
                statistics.samples.tolist(),
                statistics.known.tolist(),
                strict=True,
            )
        ),
    )


def _plot_balance(
    statistics: DatasetStatistics, path: Path, title: str
) -> Path:
    order = np.argsort(-statistics.objects, kind='stable')
    note = ''
    if len(order) > MOST_BARS:
        half = MOST_BARS // 2
        order = np.concatenate([order[:half], order[-half:]])
        note = f' ({half} most frequent and {half} rarest of ' + (
            f'{len(statistics.names)})'
        )
    columns = {
        _UNIT[statistics.kind]: statistics.objects[order].tolist(),
    }
    if statistics.kind == 'objects':
        columns['samples with one'] = statistics.samples[order].tolist()
    return plot_bars(
        columns,
        [statistics.names[index] for index in order],
        path,
        f'{title}: balance{note}',
        dict.fromkeys(columns, 'd'),
    )


def _of(shown: int, total: int) -> str:
    return '' if shown == total else f' (the {shown} most frequent of {total})'
