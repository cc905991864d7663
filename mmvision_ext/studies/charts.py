"""The charts of a study."""

from collections.abc import Callable, Sequence
from pathlib import Path

from mmvision_ext.visualization.charts import Curve

from .analysis import Chart
from .bands import plot_bands
from .bars import plot_seed_bars
from .collect import Collection
from .cost_charts import AXES, plot_cost, plot_efficiency
from .spec import Study
from .summary import Kind, SummaryRow


def write_charts(
    study: Study, collection: Collection, rows: Sequence[SummaryRow]
) -> list[Path]:
    """Draw the charts that the study asks for.

    Args:
        study: The study.
        collection: Its finished runs.
        rows: Its summary.

    Returns:
        The pictures; ``curves.png`` only where evaluations are known.
    """
    shown = [
        row for row in rows if row.statistics and row.kind is not Kind.CHANCE
    ]
    runs = [row for row in shown if row.kind is Kind.RUNS]
    curves = _entry_curves(study, collection)
    folder = study.results_dir
    draw: dict[Chart, Callable[[], Path]] = {
        Chart.BARS: lambda: plot_seed_bars(study, shown, folder / 'bars.png'),
        Chart.CURVES: lambda: plot_bands(study, curves, folder / 'curves.png'),
        Chart.EFFICIENCY: lambda: plot_efficiency(study, runs),
    }
    paths = []
    for chart in study.analysis.charts:
        if chart in AXES:
            paths.append(plot_cost(study, runs, chart))
        elif chart is not Chart.CURVES or curves:
            paths.append(draw[chart]())
    return paths


def _entry_curves(
    study: Study, collection: Collection
) -> dict[str, dict[str, list[Curve]]]:
    """Group to label to curves; entries without are left out."""
    found: dict[str, dict[str, list[Curve]]] = {}
    for entry in study.entries:
        names = [row['run'] for row in collection.of(entry)]
        curves = [
            collection.curves[name]
            for name in names
            if name in collection.curves
        ]
        if curves:
            found.setdefault(entry.group, {})[entry.label] = curves
    return found
