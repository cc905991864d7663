"""Charts of what a study's entries cost and how well they do for it."""

from collections.abc import Callable, Sequence
from pathlib import Path

import matplotlib
from matplotlib.axes import Axes

from mmvision_ext.visualization.charts import (
    SERIES_COLORS,
    STYLE,
    new_figure,
    save_figure,
)
from mmvision_ext.visualization.frontier import (
    Point,
    plot_frontier,
    style_log_axis,
)

from .analysis import Chart
from .spec import Study
from .summary import Cost, SummaryRow

ROW_INCHES = 0.3
LETTER_INCHES = 0.085

CostOf = Callable[[Cost], float]
#: Chart to file, label of the axis, and the cost that it shows.
AXES: dict[Chart, tuple[str, str, CostOf]] = {
    Chart.PARAMETERS: (
        'accuracy_parameters.png',
        'parameters (M)',
        lambda cost: (cost.params or 0) / 1e6,
    ),
    Chart.OPERATIONS: (
        'accuracy_operations.png',
        'multiply-adds for one image (M)',
        lambda cost: (cost.multiply_adds or 0) / 1e6,
    ),
    Chart.TIME: (
        'accuracy_time.png',
        'training, wall time (min)',
        lambda cost: cost.minutes,
    ),
}


def plot_cost(study: Study, rows: Sequence[SummaryRow], chart: Chart) -> Path:
    """Draw the main metric over a cost, with the Pareto front.

    Args:
        study: The study.
        rows: Rows of entries with runs.
        chart: One of ``AXES``.

    Returns:
        The picture.
    """
    name, label, cost_of = AXES[chart]
    metric = study.metrics[0]
    several = any(row.statistics[metric.name].sd is not None for row in rows)
    points = [
        Point(
            row.label,
            row.group,
            cost_of(row.cost),
            row.statistics[metric.name].mean,
            row.statistics[metric.name].sd,
        )
        for row in rows
        if row.cost is not None
    ]
    title = f'{study.title}\n{study.data}'
    if chart is Chart.TIME:
        title += f'\n{_machines(rows)}'
    spread = ', mean ± sd over seeds' if several else ''
    return plot_frontier(
        points,
        study.results_dir / name,
        title,
        f'{label}, logarithmic',
        f'{metric.title}{spread}',
    )


def plot_efficiency(study: Study, rows: Sequence[SummaryRow]) -> Path:
    """Draw the main metric per million parameters, highest first.

    Args:
        study: The study.
        rows: Rows of entries with runs and counted parameters.

    Returns:
        The picture.
    """
    metric = study.metrics[0]
    ranking = sorted(
        (
            (row.statistics[metric.name].mean / row.cost.params * 1e6, row)
            for row in rows
            if row.cost is not None and row.cost.params
        ),
        key=lambda pair: -pair[0],
    )
    labels = [row.label for _, row in ranking]
    names = labels
    if len({*labels}) < len(labels):
        names = [row.name for _, row in ranking]
    longest = max(map(len, names))
    with matplotlib.rc_context(STYLE):
        figure = new_figure(
            6.2 + LETTER_INCHES * longest,
            1.0 + ROW_INCHES * len(ranking),
            f'{study.title}\n{study.data}',
        )
        axes = figure.subplots()
        for place, (value, row) in enumerate(ranking):
            _dot(axes, place, value, row, metric.digits, metric.name)
        axes.set_xscale('log')
        values = [value for value, _ in ranking]
        # Room for the numbers to the right of the last dot.
        wide = max((values[0] / values[-1]) ** 0.35, 1.6)
        axes.set_xlim(values[-1] / 1.3, values[0] * wide)
        style_log_axis(axes)
        axes.set_yticks(range(len(ranking)), names)
        axes.set_ylim(len(ranking) - 0.5, -0.5)
        axes.set_xlabel(
            f'{metric.title} per million parameters, logarithmic; beside it '
            'its parts'
        )
        return save_figure(figure, study.results_dir / 'efficiency.png')


def _dot(
    axes: Axes,
    place: int,
    value: float,
    row: SummaryRow,
    digits: int,
    metric: str,
) -> None:
    axes.plot(value, place, marker='o', markersize=7, color=SERIES_COLORS[0])
    params = (row.cost.params or 0) / 1e6 if row.cost else 0.0
    mean = row.statistics[metric].mean
    axes.annotate(
        f'{value:.3g}   ({mean:.{digits}f} / {params:.3g} M)',
        (value, place),
        (8, 0),
        textcoords='offset points',
        va='center',
        fontsize=8.5,
    )


def _machines(rows: Sequence[SummaryRow]) -> str:
    """What the trainings ran on, and whether their times can be compared."""
    found = list(
        dict.fromkeys(
            name for row in rows if row.cost for name in row.cost.hardware
        )
    )
    text = '; '.join(found) or 'unknown hardware'
    if len(found) > 1:
        text += ' (different hardware: these times cannot be compared)'
    return text
