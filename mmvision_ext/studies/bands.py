"""Curves of a study: mean over seeds, with a band of their deviation."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import offset_copy
from numpy.typing import NDArray

from mmvision_ext.visualization.charts import (
    STYLE,
    Curve,
    new_figure,
    save_figure,
)

from .chart_style import (
    CHANCE_LINE,
    PANELS_PER_ROW,
    LineStyle,
    has_own_labels,
    label_colors,
    label_lines,
)
from .spec import Study

BAND_ALPHA = 0.18
# Of the legend below all panels: letters that fit, and the width of a mark.
LETTERS_AN_INCH, MARK_LETTERS = 9, 8
# Of a panel's own: size in points, height of a row, room for the axis above.
KEY_POINTS, KEY_INCHES, KEY_OFFSET = 8, 0.17, 0.45


def plot_bands(
    study: Study,
    curves: Mapping[str, Mapping[str, Sequence[Curve]]],
    path: Path,
) -> Path:
    """Draw the main metric over the training, one panel a group.

    Args:
        study: The study.
        curves: Group to label to a curve a seed.
        path: Picture to write.

    Returns:
        The path.
    """
    metric = study.metrics[0]
    colors, lines = label_colors(study), label_lines(study)
    num_columns = min(PANELS_PER_ROW, len(curves))
    num_rows = -(-len(curves) // num_columns)
    keys = max(map(len, curves.values())) if has_own_labels(study) else 0
    with matplotlib.rc_context(STYLE):
        figure = new_figure(
            4.6 * num_columns + 0.4,
            (3.3 + KEY_INCHES * keys) * num_rows + 0.5,
            f'{study.title}\n{metric.title} in validation: mean over seeds, '
            'band ± sample standard deviation',
        )
        grid = figure.subplots(
            num_rows, num_columns, squeeze=False, sharey=True
        )
        for axes in grid.flat[len(curves) :]:
            axes.remove()
        for axes, (group, entries) in zip(
            grid.flat, curves.items(), strict=False
        ):
            for label, seeds in entries.items():
                _band(axes, seeds, colors[label], lines[label])
            if metric.name in study.chance:
                axes.axhline(study.chance[metric.name], **CHANCE_LINE)
            axes.set_title(group)
            axes.set_xlabel('epoch')
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            axes.margins(x=0.02)
        for row in grid:
            row[0].set_ylabel(metric.title)
        _legends(study, figure, list(grid.flat), curves)
        return save_figure(figure, path)


def mean_and_sd(
    seeds: Sequence[Curve],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Average curves at the positions that all of them have.

    Args:
        seeds: At least one curve.

    Returns:
        Positions, means and sample standard deviations, each of shape (N,);
        deviations are nan for a single curve.
    """
    shared = sorted(set.intersection(*(set(curve.x) for curve in seeds)))
    tables = [dict(zip(curve.x, curve.y, strict=True)) for curve in seeds]
    values = np.array(
        [[table[x] for x in shared] for table in tables], dtype=np.float64
    )
    spread = (
        values.std(axis=0, ddof=1)
        if len(seeds) > 1
        else np.full(len(shared), np.nan)
    )
    return np.array(shared, dtype=np.float64), values.mean(axis=0), spread


def _band(
    axes: Axes, seeds: Sequence[Curve], color: str, line: LineStyle
) -> None:
    """Mean line of one entry, and its band where it has several seeds."""
    x, mean, sd = mean_and_sd(seeds)
    marker = 'o' if len(x) <= 20 else ''
    axes.plot(
        x, mean, color=color, linestyle=line, marker=marker, markersize=3
    )
    if len(seeds) > 1:
        axes.fill_between(
            x,
            mean - sd,
            mean + sd,
            color=color,
            alpha=BAND_ALPHA,
            linewidth=0,
        )


def _legends(
    study: Study,
    figure: Figure,
    panels: Sequence[Axes],
    curves: Mapping[str, Mapping[str, Sequence[Curve]]],
) -> None:
    """One below all panels, or one below each and last what is left."""
    colors, lines = label_colors(study), label_lines(study)
    every = {
        label: Line2D([], [], color=colors[label], linestyle=lines[label])
        for entries in curves.values()
        for label in entries
    }
    if has_own_labels(study):
        for axes, entries in zip(panels, curves.values(), strict=False):
            axes.legend(
                [every[label] for label in entries],
                list(entries),
                loc='upper left',
                bbox_to_anchor=(0, 0),
                bbox_transform=offset_copy(
                    axes.transAxes, figure, y=-KEY_OFFSET
                ),
                borderaxespad=0,
                fontsize=KEY_POINTS,
                labelspacing=0.3,
            )
        every = {}
    if study.metrics[0].name in study.chance:
        every['chance'] = Line2D([], [], **CHANCE_LINE)
    if not every:
        return
    columns = int(
        LETTERS_AN_INCH
        * figure.get_figwidth()
        / (max(map(len, every)) + MARK_LETTERS)
    )
    figure.legend(
        list(every.values()),
        list(every),
        loc='outside lower left',
        ncols=max(1, columns),
    )
