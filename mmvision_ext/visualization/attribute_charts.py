"""Charts of attributes: average precision beside what chance gives."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke
from matplotlib.text import Text
from numpy.typing import NDArray

from .charts import SERIES_COLORS, STYLE, new_figure, save_figure
from .frontier import style_log_axis
from .label_places import place_beside

ROWS_PER_COLUMN = 36
COLUMNS_PER_PAGE = 3
CHANCE_COLOR = '#000000'
NAMED = 5  # attributes farthest above chance, and as many least above it
NAME_POINTS = 8.5
MARK_PIXELS = 10  # side of the square that a point takes


@dataclass(frozen=True)
class AttributeScale:
    """Average precision of A attributes, all of which have positives.

    Attributes:
        names: Their names, A of them.
        average_precision: In [0, 1], shape (A,).
        chance: The share of positives, which chance gives, shape (A,).
        positives: Number of positives, shape (A,).
        parts: Name of a part of the attributes, such as ``tail``, to its
            indices; each has a colour. Attributes of none are grey.
    """

    names: Sequence[str]
    average_precision: NDArray[np.float64]
    chance: NDArray[np.float64]
    positives: NDArray[np.int64]
    parts: Mapping[str, NDArray[np.intp]]

    def colors(self) -> list[str]:
        """Colour of each attribute, A of them."""
        colors = ['#888888'] * len(self.names)
        for number, indices in enumerate(self.parts.values()):
            for index in indices:
                colors[index] = SERIES_COLORS[number]
        return colors


def plot_attribute_bars(
    scale: AttributeScale, path: str | Path, title: str = ''
) -> list[Path]:
    """Draw a bar per attribute, best first, with a tick at its chance.

    A page has up to 108 attributes, in up to three columns.

    Args:
        scale: The attributes, at least one.
        path: Picture to write; of several pages each has its number at the
            end of the name. Missing folders are made.
        title: Title of each page.

    Returns:
        The pictures.

    Raises:
        ValueError: There are no attributes.
    """
    count = len(scale.names)
    if not count:
        raise ValueError(
            'plot_attribute_bars: expected at least one attribute, found none.'
        )
    path = Path(path)
    order = np.argsort(-scale.average_precision, kind='stable')
    pages = np.array_split(
        order, -(-count // (ROWS_PER_COLUMN * COLUMNS_PER_PAGE))
    )
    paths = []
    for number, page in enumerate(pages, start=1):
        of_pages = (
            f' (page {number} of {len(pages)})' if len(pages) > 1 else ''
        )
        name = f'{path.stem}_{number}' if of_pages else path.stem
        paths.append(
            _bar_page(
                scale,
                page,
                path.with_name(f'{name}{path.suffix}'),
                f'{title}{of_pages}',
            )
        )
    return paths


def plot_against_positives(
    scale: AttributeScale, path: str | Path, title: str = ''
) -> Path:
    """Draw average precision over the number of positives.

    Each attribute has a short line at its chance. Named are the five that are
    farthest above their chance and the five that are least above it, or below.

    Args:
        scale: The attributes, at least one.
        path: Picture to write; missing folders are made.
        title: Title of the chart.

    Returns:
        The path.

    Raises:
        ValueError: There are no attributes.
    """
    if not len(scale.names):
        raise ValueError(
            'plot_against_positives: expected at least one attribute, found '
            'none.'
        )
    points = np.stack(
        [scale.positives.astype(float), 100 * scale.average_precision], axis=1
    )
    with matplotlib.rc_context(STYLE):
        figure = new_figure(9.6, 5.6, title)
        axes = figure.subplots()
        axes.set_xscale('log')
        axes.scatter(
            scale.positives,
            100 * scale.chance,
            s=40,
            marker='_',
            color=CHANCE_COLOR,
            linewidths=1.2,
            zorder=3.5,
        )
        axes.scatter(
            points[:, 0],
            points[:, 1],
            s=30,
            color=scale.colors(),
            edgecolors='white',
            zorder=3,
        )
        axes.set_xlabel('positives in the data evaluated')
        axes.set_ylabel('average precision (%)')
        axes.set_ylim(-3, 108)
        axes.set_yticks(range(0, 101, 20))
        low, high = scale.positives.min(), scale.positives.max()
        axes.set_xlim(low / 1.3, high * 1.3)
        style_log_axis(axes)
        _legend(figure, scale, '_')
        _name_extremes(figure, axes, scale, points)
        return save_figure(figure, path)


def _bar_page(
    scale: AttributeScale, page: NDArray[np.intp], path: Path, title: str
) -> Path:
    """One picture of some attributes, in the order given."""
    num_columns = -(-len(page) // ROWS_PER_COLUMN)
    num_rows = -(-len(page) // num_columns)
    longest = max(len(scale.names[index]) for index in page)
    with matplotlib.rc_context(STYLE):
        figure = new_figure(
            max(6.4, num_columns * (2.6 + 0.07 * longest)),
            0.19 * num_rows + 1.1,
            title,
        )
        grid = figure.subplots(1, num_columns, squeeze=False)
        for column, axes in enumerate(grid.flat):
            part = page[column * num_rows : (column + 1) * num_rows]
            _bars(axes, scale, part)
            axes.set_ylim(num_rows - 0.5, -0.5)
        _legend(figure, scale, '|')
        return save_figure(figure, path)


def _bars(
    axes: Axes, scale: AttributeScale, indices: NDArray[np.intp]
) -> None:
    """One column of horizontal bars, with their values in per cent."""
    colors = scale.colors()
    values = 100 * scale.average_precision[indices]
    chances = 100 * scale.chance[indices]
    rows = np.arange(len(indices))
    axes.barh(rows, values, height=0.7, color=[colors[i] for i in indices])
    ends = np.maximum(values, chances)
    for row, value, end in zip(rows, values, ends, strict=True):
        axes.annotate(
            f'{value:.0f}',
            (float(end), float(row)),
            (4, 0),
            textcoords='offset points',
            va='center',
            fontsize=7,
        )
    # White beside the tick, so that it is seen on bars as well.
    axes.vlines(chances, rows - 0.45, rows + 0.45, 'white', linewidth=3.2)
    axes.vlines(chances, rows - 0.45, rows + 0.45, CHANCE_COLOR, linewidth=1.4)
    axes.set_yticks(
        rows,
        [f'{scale.names[i]} ({scale.positives[i]})' for i in indices],
        fontsize=8,
    )
    axes.set_xlim(0, 112)
    axes.set_xticks(range(0, 101, 25))
    axes.set_xlabel('average precision (%)')
    axes.grid(visible=False, axis='y')


def _legend(figure: Figure, scale: AttributeScale, marker: str) -> None:
    keys: list[Patch | Line2D] = [
        Patch(color=SERIES_COLORS[number], label=f'{part} ({len(indices)})')
        for number, (part, indices) in enumerate(scale.parts.items())
        if len(indices)
    ]
    keys.append(
        Line2D(
            [],
            [],
            color=CHANCE_COLOR,
            marker=marker,
            linestyle='',
            markersize=9,
            label='chance: the share of positives',
        )
    )
    figure.legend(handles=keys, loc='outside lower left', ncols=len(keys))


def _name_extremes(
    figure: Figure,
    axes: Axes,
    scale: AttributeScale,
    points: NDArray[np.float64],
) -> None:
    """Write the names of the attributes farthest from chance and nearest.

    Args:
        figure: The figure, otherwise complete.
        axes: Its axes.
        scale: The attributes.
        points: Where they are drawn, in data, shape (A, 2).
    """
    order = np.argsort(scale.average_precision - scale.chance, kind='stable')
    chosen = np.unique(np.concatenate([order[:NAMED], order[-NAMED:]]))
    texts = [_name(axes, scale.names[index]) for index in chosen]
    # Names are placed in pixels, for which the layout has to be settled.
    figure.draw_without_rendering()
    figure.set_layout_engine('none')
    extents = [text.get_window_extent() for text in texts]
    origin = axes.bbox.min
    pixels = axes.transData.transform(points) - origin
    middles = place_beside(
        pixels[chosen],
        [(int(box.width) + 4, int(box.height) + 2) for box in extents],
        (int(axes.bbox.width), int(axes.bbox.height)),
        np.concatenate(
            [pixels - MARK_PIXELS / 2, pixels + MARK_PIXELS / 2], 1
        ),
        np.zeros((0, 4)),
    )
    to_data = axes.transData.inverted()
    for text, middle, index in zip(texts, middles, chosen, strict=True):
        place = to_data.transform(middle + origin)
        text.set_position((place[0], place[1]))
        axes.plot(
            *zip(points[index], place, strict=True),
            color='#999999',
            linewidth=0.7,
            zorder=2,
        )


def _name(axes: Axes, name: str) -> Text:
    text = axes.text(
        1,
        0,
        name,
        fontsize=NAME_POINTS,
        ha='center',
        va='center',
        zorder=4,
        path_effects=[withStroke(linewidth=2.5, foreground='white')],
    )
    text.set_in_layout(False)
    return text
