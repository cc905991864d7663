"""The charts of a study."""

from collections.abc import Sequence
from pathlib import Path

from mmvision_ext.visualization.charts import Curve

from .bands import plot_bands
from .bars import plot_seed_bars
from .collect import Collection
from .spec import Study
from .summary import Kind, SummaryRow


def write_charts(
    study: Study, collection: Collection, rows: Sequence[SummaryRow]
) -> list[Path]:
    """Draw ``bars.png`` and, where evaluations are known, ``curves.png``.

    Args:
        study: The study.
        collection: Its finished runs.
        rows: Its summary.

    Returns:
        The pictures.
    """
    shown = [
        row for row in rows if row.statistics and row.kind is not Kind.CHANCE
    ]
    paths = [plot_seed_bars(study, shown, study.results_dir / 'bars.png')]
    curves = _entry_curves(study, collection)
    if curves:
        paths.append(
            plot_bands(study, curves, study.results_dir / 'curves.png')
        )
    return paths


def _entry_curves(
    study: Study, collection: Collection
) -> dict[str, dict[str, list[Curve]]]:
    """Group to label to curves; entries without are left out."""
    found: dict[str, dict[str, list[Curve]]] = {}
    for entry in study.entries:
        names = [row['run'] for row in collection.of(entry.group, entry.label)]
        curves = [
            collection.curves[name]
            for name in names
            if name in collection.curves
        ]
        if curves:
            found.setdefault(entry.group, {})[entry.label] = curves
    return found
