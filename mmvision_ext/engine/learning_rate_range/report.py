"""Table and chart of a range test."""

from pathlib import Path

import matplotlib

from mmvision_ext.utils.tables import save_csv
from mmvision_ext.visualization.charts import (
    SERIES_COLORS,
    STYLE,
    new_figure,
    save_figure,
)

from .search import RangeTest


def write_range(test: RangeTest, path: str | Path) -> Path:
    """Write a row for each step.

    Args:
        test: The losses.
        path: CSV file to write; missing folders are made.

    Returns:
        The path.
    """
    rows = zip(test.rates, test.losses, test.smoothed, strict=True)
    return save_csv(
        path,
        ('step', 'learning_rate', 'loss', 'smoothed'),
        (
            (step, *(f'{value:.6g}' for value in row))
            for step, row in enumerate(rows, 1)
        ),
    )


def plot_range(test: RangeTest, path: str | Path, title: str = '') -> Path:
    """Draw the loss over the learning rate.

    Args:
        test: The losses.
        path: Picture to write; missing folders are made.
        title: Title of the chart.

    Returns:
        The path.
    """
    with matplotlib.rc_context(STYLE):
        figure = new_figure(6.4, 3.8, title)
        axes = figure.subplots()
        axes.plot(test.rates, test.losses, color='#bbbbbb', linewidth=1)
        axes.plot(test.rates, test.smoothed, color=SERIES_COLORS[0])
        for rate, style, name in (
            (test.steepest, '--', 'steepest'),
            (test.least, ':', 'least'),
        ):
            axes.axvline(
                rate,
                color='black',
                linewidth=1,
                linestyle=style,
                label=f'{name}: {rate:.2g}',
            )
        top = max(test.smoothed.max(), test.losses[0])
        low = min(test.smoothed.min(), test.losses.min())
        axes.set_ylim(low - 0.05 * (top - low), top + 0.1 * (top - low))
        axes.set_xscale('log')
        axes.set_xlabel('learning rate')
        axes.set_ylabel('loss; bold: moving average')
        axes.legend(loc='best')
        return save_figure(figure, path)
