"""One training in one picture: loss, headline metric, learning rate."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from .charts import SERIES_COLORS, STYLE, Curve, new_figure, save_figure

MARKED = 40  # points of a curve that get a mark each
MAX_CURVES = 7  # of one panel that can be told apart


@dataclass(frozen=True)
class MetricCurve:
    """A metric over the validations of a training.

    Attributes:
        name: What it is called.
        unit: What validations are counted in, such as ``'epoch'``.
        values: The metric.
        baseline: What to compare it with; None where nothing is known.
        baseline_name: What the baseline is called.
        best: Validation with the best value; one of ``values.x``.
    """

    name: str
    unit: str
    values: Curve
    baseline: Curve | None
    baseline_name: str
    best: float


def plot_training(
    losses: Mapping[str, Curve],
    metric: MetricCurve | None,
    rates: Mapping[str, Curve],
    path: str | Path,
    title: str = '',
) -> Path:
    """Draw losses and learning rates over iterations, a metric over epochs.

    Args:
        losses: Name to values at iterations, the total first; drawn are the
            first seven.
        metric: The headline metric; None where nothing was validated.
        rates: Name to learning rates at iterations.
        path: Picture to write; missing folders are made.
        title: Title of the page.

    Returns:
        The path.

    Raises:
        ValueError: There is nothing to draw.
    """
    count = bool(losses) + bool(metric) + bool(rates)
    if not count:
        raise ValueError('plot_training: expected curves, found none.')
    with matplotlib.rc_context(STYLE):
        figure = new_figure(5.2 * count, 3.6, title)
        panels = iter(figure.subplots(1, count, squeeze=False)[0])
        if losses:
            _draw(next(panels), 'training loss', losses)
        if metric is not None:
            _draw_metric(next(panels), metric)
        if rates:
            _draw(next(panels), 'learning rate', rates)
        return save_figure(figure, path)


def _draw(axes: Axes, title: str, curves: Mapping[str, Curve]) -> None:
    """Curves over iterations; a single one is named by the title."""
    for (name, curve), color in zip(
        list(curves.items())[:MAX_CURVES], SERIES_COLORS, strict=False
    ):
        _line(axes, curve, color, name)
    _finish(axes, title, 'iteration', len(curves) > 1)


def _draw_metric(axes: Axes, metric: MetricCurve) -> None:
    """A metric, its baseline as a dashed line, its best value as a star."""
    _line(axes, metric.values, SERIES_COLORS[0], metric.name)
    if metric.baseline is not None:
        axes.plot(
            metric.baseline.x,
            metric.baseline.y,
            color='#333333',
            linestyle='--',
            linewidth=1.3,
            marker='_',
            label=metric.baseline_name,
        )
    value = metric.values.y[list(metric.values.x).index(metric.best)]
    axes.plot(
        metric.best,
        value,
        color=SERIES_COLORS[1],
        marker='*',
        markersize=11,
        linestyle='',
        label=f'best: {value:.4g} ({metric.unit} {metric.best:g})',
    )
    _finish(axes, f'{metric.name} (validation)', metric.unit, True)


def _line(axes: Axes, curve: Curve, color: str, name: str) -> None:
    axes.plot(
        curve.x,
        curve.y,
        color=color,
        marker='o' if len(curve.x) <= MARKED else '',
        markersize=3.5,
        label=name,
    )


def _finish(axes: Axes, title: str, x_label: str, with_legend: bool) -> None:
    axes.set_title(title)
    axes.set_xlabel(x_label)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True, min_n_ticks=1))
    axes.margins(x=0.03, y=0.08)
    if with_legend:  # below, where it covers no curve
        axes.legend(
            loc='upper center', bbox_to_anchor=(0.5, -0.2), ncols=2, fontsize=9
        )
