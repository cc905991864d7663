"""Charts of a classifier with many classes: who is taken for whom, how
often each is right."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from numpy.typing import NDArray

from .charts import SERIES_COLORS, STYLE, new_figure, save_figure

ROWS_PER_COLUMN = 36
MAX_NUMBERED = 20  # classes; with more, cells are too small for a number

ABOVE, BELOW = SERIES_COLORS[0], SERIES_COLORS[1]


def plot_class_confusion(
    matrix: NDArray[np.int64],
    names: Sequence[str],
    path: str | Path,
    title: str = '',
) -> Path:
    """Draw a square confusion matrix whose mistakes stand out.

    Right answers, on the diagonal, are blue, mistakes red; the depth of the
    colour is the share of the row, on a square-root scale, so that rare
    mistakes are seen as well. Up to 20 classes have their counts written.

    Args:
        matrix: Counts, rows true and columns predicted, shape (C, C).
        names: C names.
        path: Picture to write; missing folders are made.
        title: Title of the chart.

    Returns:
        The path.

    Raises:
        ValueError: Names and shape disagree.
    """
    if matrix.shape != (len(names), len(names)) or not matrix.size:
        raise ValueError(
            f'matrix: expected shape {(len(names), len(names))} as the names '
            f'say and not empty, found {matrix.shape}.'
        )
    totals = matrix.sum(axis=1, keepdims=True)
    shares = matrix / np.maximum(totals, 1)
    numbered = len(names) <= MAX_NUMBERED
    points = 9.0 if numbered else 6.5
    longest = max(len(name) for name in names)
    side = (0.42 if numbered else 0.14) * len(names) + longest * points / 120
    with matplotlib.rc_context(STYLE):
        figure = new_figure(side + 1.9, side + 0.6, title)
        figure.set_layout_engine('compressed')
        axes = figure.subplots()
        diagonal = np.eye(len(names), dtype=bool)
        width = 0.2 / side
        for label, colors, hidden, place in (
            ('right', 'Blues', ~diagonal, (1.02, 0.55, width, 0.4)),
            ('mistaken', 'Reds', diagonal, (1.02, 0.05, width, 0.4)),
        ):
            picture = axes.imshow(
                np.ma.masked_array(shares, hidden | (shares == 0)),
                cmap=colors,
                norm=PowerNorm(0.5, 0, 1),
            )
            bar = axes.inset_axes(place)
            figure.colorbar(picture, cax=bar, label=f'share {label}')
        _name_cells(axes, names, points)
        if numbered:
            _write_counts(axes, matrix, shares)
        return save_figure(figure, path)


def plot_class_accuracy(
    shares: Sequence[float],
    names: Sequence[str],
    path: str | Path,
    title: str = '',
    chance: float | None = None,
) -> Path:
    """Draw a bar per class, lowest first, in as many columns as it takes.

    Args:
        shares: Share of the images of each class that is right, 0 to 1, C of
            them.
        names: What is written beside the bars, C names.
        path: Picture to write; missing folders are made.
        title: Title of the chart.
        chance: Share that guessing gives, drawn as a line; bars that do not
            reach above it are orange.

    Returns:
        The path.

    Raises:
        ValueError: There are no classes, or not one name per share.
    """
    if not len(names) or len(shares) != len(names):
        raise ValueError(
            'plot_class_accuracy: expected one name per share and at least '
            f'one, found {len(names)} names and {len(shares)} shares.'
        )
    order = np.argsort(np.asarray(shares), kind='stable')
    num_columns = -(-len(order) // ROWS_PER_COLUMN)
    num_rows = -(-len(order) // num_columns)
    longest = max(len(name) for name in names)
    with matplotlib.rc_context(STYLE):
        figure = new_figure(
            max(6.4, num_columns * (2.6 + 0.075 * longest)),
            0.19 * num_rows + 0.7,
            title,
        )
        grid = figure.subplots(1, num_columns, squeeze=False, sharex=True)
        for column, axes in enumerate(grid.flat):
            part = order[column * num_rows : (column + 1) * num_rows]
            _class_bars(
                axes,
                [shares[index] * 100 for index in part],
                [names[index] for index in part],
                None if chance is None else chance * 100,
            )
            axes.set_ylim(num_rows - 0.5, -0.5)
        return save_figure(figure, path)


def _name_cells(axes: Axes, names: Sequence[str], points: float) -> None:
    """Names at both sides, and lines between the cells."""
    positions = range(len(names))
    axes.set_xticks(positions, names, rotation=90, fontsize=points)
    axes.set_yticks(positions, names, fontsize=points)
    edges = np.arange(len(names) + 1) - 0.5
    axes.grid(visible=False)
    for lines in (axes.hlines, axes.vlines):  # far faster than minor ticks
        lines(edges, edges[0], edges[-1], color='#e8e8e8', linewidth=0.4)
    axes.set_xlabel('predicted')
    axes.set_ylabel('true')


def _write_counts(
    axes: Axes, matrix: NDArray[np.int64], shares: NDArray[np.float64]
) -> None:
    for row, column in np.argwhere(matrix > 0):
        axes.text(
            column,
            row,
            str(matrix[row, column]),
            ha='center',
            va='center',
            fontsize=8,
            color='white' if shares[row, column] > 0.3 else 'black',
        )


def _class_bars(
    axes: Axes,
    values: Sequence[float],
    names: Sequence[str],
    chance: float | None,
) -> None:
    """One column of horizontal bars with their values in per cent."""
    limit = -1.0 if chance is None else chance
    positions = range(len(names))
    axes.barh(
        positions,
        values,
        height=0.7,
        color=[ABOVE if value > limit else BELOW for value in values],
    )
    axes.set_yticks(positions, names, fontsize=8)
    axes.set_xlim(0, 112)
    axes.set_xticks(range(0, 101, 25))
    axes.set_xlabel('right (%)')
    axes.grid(visible=False, axis='y')
    for position, value in enumerate(values):
        axes.annotate(
            f'{value:.0f}',
            (value, position),
            (3, 0),
            textcoords='offset points',
            va='center',
            fontsize=7,
        )
    if chance is not None:
        axes.axvline(chance, color='#333333', linewidth=1, linestyle='--')
