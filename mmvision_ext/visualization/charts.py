"""Charts in one style: curves, confusion matrices, bars."""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from mmvision_ext.utils import InputError

# Okabe and Ito's colours, which remain distinct for colour-blind readers.
SERIES_COLORS = (
    '#0072B2',
    '#D55E00',
    '#009E73',
    '#CC79A7',
    '#E69F00',
    '#56B4E9',
    '#000000',
    '#F0E442',
)

TITLE_POINTS = 11

# Any: matplotlib types the keys as a list of literals.
STYLE: Any = {
    'font.family': 'DejaVu Sans',
    'font.size': 10,
    'axes.titlesize': 10,
    'axes.titlelocation': 'left',
    'axes.spines.top': False,
    'axes.spines.right': False,
    'axes.grid': True,
    'axes.axisbelow': True,
    'axes.prop_cycle': cycler(color=SERIES_COLORS),
    'grid.color': '#dddddd',
    'grid.linewidth': 0.8,
    'legend.frameon': False,
    'lines.linewidth': 1.8,
    'savefig.dpi': 140,
}


@dataclass(frozen=True)
class Curve:
    """One line of a chart.

    Attributes:
        x: Positions, such as epochs, N of them.
        y: Values at these positions, N of them.
    """

    x: Sequence[float]
    y: Sequence[float]


@dataclass(frozen=True)
class Panel:
    """One set of axes with a line per series.

    Attributes:
        title: What is shown, with its unit.
        x_label: What the positions count.
        curves: A line per series, such as a run; series of one name have
            one colour in all panels.
    """

    title: str
    x_label: str
    curves: Mapping[str, Curve]


def plot_curves(
    panels: Sequence[Panel],
    path: str | Path,
    title: str = '',
    num_columns: int = 2,
) -> Path:
    """Draw line charts, one panel beside the other.

    Args:
        panels: The panels, at least one.
        path: Picture to write; missing folders are made.
        title: Title of the whole page.
        num_columns: Panels per row.

    Returns:
        The path.

    Raises:
        ValueError: There are no panels.
    """
    if not panels:
        raise ValueError(
            'plot_curves: expected at least one panel, found none.'
        )
    names = list(
        dict.fromkeys(name for panel in panels for name in panel.curves)
    )
    colors = {
        name: SERIES_COLORS[index % len(SERIES_COLORS)]
        for index, name in enumerate(names)
    }
    num_columns = min(num_columns, len(panels))
    num_rows = -(-len(panels) // num_columns)
    with matplotlib.rc_context(STYLE):
        figure = new_figure(5.4 * num_columns, 3.1 * num_rows + 0.3, title)
        grid = figure.subplots(num_rows, num_columns, squeeze=False)
        for axes in grid.flat[len(panels) :]:
            axes.remove()
        for axes, panel in zip(grid.flat, panels, strict=False):
            for name, curve in panel.curves.items():
                marker = 'o' if len(curve.x) <= 40 else ''
                axes.plot(
                    curve.x,
                    curve.y,
                    marker=marker,
                    markersize=3.5,
                    color=colors[name],
                )
            axes.set_title(panel.title)
            axes.set_xlabel(panel.x_label)
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            axes.margins(x=0.02)
        if len(names) > 1:
            keys = [Line2D([], [], color=colors[name]) for name in names]
            figure.legend(
                keys, names, loc='outside lower left', ncols=min(4, len(names))
            )
        return save_figure(figure, path)


def plot_bars(
    columns: Mapping[str, Sequence[float | None]],
    names: Sequence[str],
    path: str | Path,
    title: str = '',
    formats: Mapping[str, str] | None = None,
) -> Path:
    """Compare a few things by several quantities, one panel for each.

    Args:
        columns: Quantity, with its unit, to one value per name; None where
            there is no value, which is written as such.
        names: What is compared.
        path: Picture to write; missing folders are made.
        title: Title of the whole page.
        formats: Quantity to format specification of the numbers written at
            its bars. Defaults to ``'.4g'``.

    Returns:
        The path.

    Raises:
        ValueError: There is nothing to draw, or a column has not one value
            per name.
    """
    wrong = [
        key for key, values in columns.items() if len(values) != len(names)
    ]
    if not columns or not names or wrong:
        raise ValueError(
            'plot_bars: expected names and columns with one value per name, '
            f'found {len(names)} names and {len(columns)} columns, of wrong '
            f'length: {wrong}.'
        )
    num_columns = min(3, len(columns))
    num_rows = -(-len(columns) // num_columns)
    with matplotlib.rc_context(STYLE):
        figure = new_figure(
            3.6 * num_columns + 0.09 * max(len(name) for name in names),
            num_rows * (0.9 + 0.38 * len(names)) + 0.2,
            title,
        )
        grid = figure.subplots(
            num_rows, num_columns, squeeze=False, sharey=True
        )
        for axes in grid.flat[len(columns) :]:
            axes.remove()
        for axes, (key, values) in zip(
            grid.flat, columns.items(), strict=False
        ):
            _bars(axes, key, values, names, (formats or {}).get(key, '.4g'))
        return save_figure(figure, path)


def plot_confusion(
    matrix: NDArray[np.float64],
    row_names: Sequence[str],
    column_names: Sequence[str],
    path: str | Path,
    title: str = '',
) -> Path:
    """Draw a confusion matrix; colours are shares of each row.

    Args:
        matrix: Counts, rows true and columns predicted, shape (R, C); nan
            where there can be no count.
        row_names: R names.
        column_names: C names.
        path: Picture to write; missing folders are made.
        title: Title of the chart.

    Returns:
        The path.

    Raises:
        ValueError: Names and shape disagree.
    """
    expected = (len(row_names), len(column_names))
    if matrix.shape != expected or not matrix.size:
        raise ValueError(
            f'matrix: expected shape {expected} as the names '
            f'say and not empty, found {matrix.shape}.'
        )
    totals = np.nansum(matrix, axis=1, keepdims=True)
    shares = np.divide(
        matrix, totals, out=np.zeros(matrix.shape), where=totals > 0
    )
    shares[np.isnan(matrix)] = np.nan
    longest = max(len(name) for name in (*row_names, *column_names))
    side = 0.42 * max(expected) + 0.09 * longest
    with matplotlib.rc_context(STYLE):
        figure = new_figure(side + 2.4, side + 1.2, title)
        axes = figure.subplots()
        colors = matplotlib.colormaps['Blues'].with_extremes(bad='#dddddd')
        picture = axes.imshow(shares, cmap=colors, vmin=0, vmax=1)
        axes.set_xticks(
            range(expected[1]),
            column_names,
            rotation=60,
            ha='right',
            rotation_mode='anchor',
        )
        axes.set_yticks(range(expected[0]), row_names)
        axes.grid(visible=False)
        axes.set_xlabel('predicted')
        axes.set_ylabel('true')
        for row, column in np.argwhere(matrix > 0):
            axes.text(
                column,
                row,
                f'{matrix[row, column]:g}',
                ha='center',
                va='center',
                fontsize=8,
                color='white' if shares[row, column] > 0.5 else 'black',
            )
        figure.colorbar(picture, ax=axes, label='share of the row', shrink=0.7)
        return save_figure(figure, path)


def new_figure(width: float, height: float, title: str) -> Figure:
    """A figure without a window and without pyplot's global state.

    A title that is wider than the figure is broken into lines, for which the
    figure becomes higher.

    Args:
        width: Width in inches.
        height: Height in inches, without the title.
        title: Title of the whole page, or nothing.

    Returns:
        The figure, without axes.
    """
    room = int(width * 72 / (TITLE_POINTS * 0.66))
    lines = [
        part
        for line in title.splitlines()
        for part in textwrap.wrap(line, room)
    ]
    figure = Figure(
        figsize=(width, height + len(lines) * 1.3 * TITLE_POINTS / 72),
        layout='constrained',
    )
    FigureCanvasAgg(figure)
    if lines:
        figure.suptitle(
            '\n'.join(lines),
            x=0.01,
            ha='left',
            weight='bold',
            fontsize=TITLE_POINTS,
        )
    return figure


def save_figure(figure: Figure, path: str | Path) -> Path:
    """Write a figure; the ending of the name chooses the format.

    Args:
        figure: The figure.
        path: File to write; missing folders are made.

    Returns:
        The path.

    Raises:
        InputError: Pictures have no such ending.
    """
    path = Path(path)
    kinds = figure.canvas.get_supported_filetypes()
    if path.suffix[1:].lower() not in kinds:
        raise InputError(
            f'{path}: expected a picture, *.{", *.".join(sorted(kinds))}.'
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
    return path


def _bars(
    axes: Axes,
    key: str,
    values: Sequence[float | None],
    names: Sequence[str],
    spec: str,
) -> None:
    """One panel of horizontal bars with their values."""
    lengths = [value if value is not None else 0.0 for value in values]
    positions = range(len(names))
    # A colour each tells few bars apart; among many it would mean nothing.
    few = len(names) <= len(SERIES_COLORS)
    axes.barh(
        positions,
        lengths,
        height=0.62,
        color=SERIES_COLORS[: len(names)] if few else SERIES_COLORS[0],
    )
    axes.set_yticks(positions, names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.grid(visible=False, axis='y')
    axes.set_title(key)
    axes.set_xlim(0, max(max(lengths), 1e-9) * 1.28)
    axes.xaxis.set_major_locator(MaxNLocator(4))
    for position, value in enumerate(values):
        text = 'n/a' if value is None else format(value, spec)
        axes.annotate(
            text,
            (lengths[position], position),
            (4, 0),
            textcoords='offset points',
            va='center',
        )
