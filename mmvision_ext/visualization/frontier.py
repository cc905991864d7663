"""Worth against cost: named points and the front of the best of them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from matplotlib.ticker import (
    FixedLocator,
    FuncFormatter,
    MaxNLocator,
    NullLocator,
)
from matplotlib.transforms import Bbox
from numpy.typing import NDArray

from .charts import SERIES_COLORS, STYLE, new_figure, save_figure
from .label_places import place_beside

MARKERS = ('o', 's', '^', 'D', 'v', 'P', 'X')
FRONT_COLOR = '#666666'
NAME_POINTS = 8.5
MARK_PIXELS = 12  # side of the square that a mark takes
LEADER_PIXELS = 18  # names farther off than this get a line
MAX_TICKS = 12


@dataclass(frozen=True)
class Point:
    """One thing that has a cost and a worth.

    Attributes:
        name: What is written beside it.
        group: Points of a group have one colour and mark; may be empty.
        cost: Above 0; less is better.
        value: More is better.
        spread: Half the height of its error bar; None draws none.
    """

    name: str
    group: str
    cost: float
    value: float
    spread: float | None = None


def pareto_front(costs: Sequence[float], values: Sequence[float]) -> list[int]:
    """Find what nothing else beats in both cost and value.

    Args:
        costs: N costs; less is better.
        values: N values; more is better.

    Returns:
        Indices of those for which no other one has a cost as low and a value
        as high, and is better in one of them; by rising cost. Of equal ones
        all are returned.
    """
    order = sorted(range(len(costs)), key=lambda i: (costs[i], -values[i]))
    front: list[int] = []
    for index in order:
        if not front or values[index] > values[front[-1]]:
            front.append(index)
        elif (costs[index], values[index]) == (
            costs[front[-1]],
            values[front[-1]],
        ):
            front.append(index)
    return front


def plot_frontier(
    points: Sequence[Point],
    path: str | Path,
    title: str,
    cost_label: str,
    value_label: str,
) -> Path:
    """Draw values over costs, the latter on a logarithmic axis.

    Points on the Pareto front are filled and joined by a staircase; for each
    of the others something costs no more and is worth no less.

    Args:
        points: The points, at least one.
        path: Picture to write; missing folders are made.
        title: Title of the chart.
        cost_label: What the costs are, with their unit.
        value_label: What the values are, with their unit.

    Returns:
        The path.

    Raises:
        ValueError: There are no points, or a cost is not above 0.
    """
    if not points or any(point.cost <= 0 for point in points):
        raise ValueError(
            'plot_frontier: expected points with costs above 0, found '
            f'{[point.cost for point in points]}.'
        )
    front = pareto_front(
        [point.cost for point in points], [point.value for point in points]
    )
    groups = list(dict.fromkeys(point.group for point in points))
    with matplotlib.rc_context(STYLE):
        figure = new_figure(9.6, 5.6, title)
        figure.set_layout_engine('constrained', rect=(0, 0, 0.985, 1))
        axes = figure.subplots()
        axes.set_xscale('log')
        axes.set_xlabel(cost_label)
        axes.set_ylabel(value_label)
        for index, point in enumerate(points):
            _mark(axes, point, groups.index(point.group), index in front)
        _set_limits(axes, points)
        stairs = _stairs(axes, [points[index] for index in front])
        _legend(figure, groups)
        _name(figure, axes, points, groups, stairs)
        return save_figure(figure, path)


def log_ticks(low: float, high: float) -> list[float]:
    """Round numbers for a logarithmic axis, few enough to be read.

    Args:
        low: Lower end of the axis, above 0.
        high: Upper end.

    Returns:
        Ticks within the axis: 1, 2 and 5 times powers of ten; with a narrow
        axis more of them, with a wide one powers of ten alone.
    """
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)))
    ticks: list[float] = []
    for factors in ((1, 2, 5), (1, 3), (1,)):
        ticks = [
            factor * 10.0**power
            for power in (*powers, powers.stop)
            for factor in factors
            if low <= factor * 10.0**power <= high
        ]
        if len(ticks) <= MAX_TICKS:
            break
    if len(ticks) >= 3:
        return ticks
    even = map(float, MaxNLocator(6).tick_values(low, high))
    return [tick for tick in even if low <= tick <= high]


def style_log_axis(axes: Axes) -> None:
    """Give a logarithmic x axis ticks that can be read.

    Args:
        axes: Axes whose limits are set.
    """
    low, high = axes.get_xlim()
    axes.xaxis.set_major_locator(FixedLocator(log_ticks(low, high)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f'{x:.6g}'))
    axes.xaxis.set_minor_locator(NullLocator())


def _mark(axes: Axes, point: Point, group: int, on_front: bool) -> None:
    color = SERIES_COLORS[group % 7]
    axes.errorbar(
        point.cost,
        point.value,
        yerr=point.spread,
        color=color,
        marker=MARKERS[group % len(MARKERS)],
        markersize=7,
        markerfacecolor=color if on_front else 'white',
        markeredgewidth=1.6,
        elinewidth=1.0,
        capsize=2.5,
        zorder=3,
    )


def _set_limits(axes: Axes, points: Sequence[Point]) -> None:
    """Leave room for names at all sides."""
    costs = [point.cost for point in points]
    low, high = min(costs), max(costs)
    room = max((high / low) ** 0.1, 1.15)
    axes.set_xlim(low / room, high * room)
    ends = [
        point.value + sign * (point.spread or 0)
        for point in points
        for sign in (-1, 1)
    ]
    margin = max(0.12 * (max(ends) - min(ends)), 0.5e-2 * max(map(abs, ends)))
    margin = margin or 1.0  # all values are 0
    axes.set_ylim(min(ends) - margin, max(ends) + margin)
    style_log_axis(axes)


def _stairs(axes: Axes, front: Sequence[Point]) -> NDArray[np.float64]:
    """Draw the front; return its corners in data, shape (K, 2)."""
    corners = [(front[0].cost, front[0].value)]
    for point in front[1:]:
        corners += [(point.cost, corners[-1][1]), (point.cost, point.value)]
    corners.append((axes.get_xlim()[1], front[-1].value))
    stairs = np.array(corners)
    axes.plot(*stairs.T, color=FRONT_COLOR, linestyle='--', linewidth=1.1)
    return stairs


def _legend(figure: Figure, groups: Sequence[str]) -> None:
    keys = [
        Line2D(
            [],
            [],
            color=SERIES_COLORS[index % 7],
            marker=MARKERS[index % len(MARKERS)],
            linestyle='',
            label=group,
        )
        for index, group in enumerate(groups)
        if group
    ]
    keys.append(
        Line2D(
            [],
            [],
            color=FRONT_COLOR,
            linestyle='--',
            linewidth=1.1,
            label='Pareto front (its points are filled)',
        )
    )
    figure.legend(
        handles=keys, loc='outside lower left', ncols=min(4, len(keys))
    )


def _name(
    figure: Figure,
    axes: Axes,
    points: Sequence[Point],
    groups: Sequence[str],
    stairs: NDArray[np.float64],
) -> None:
    """Write the names, with lines to those that stand off."""
    texts = [
        axes.text(
            point.cost,
            point.value,
            point.name,
            fontsize=NAME_POINTS,
            color=_dark(SERIES_COLORS[groups.index(point.group) % 7]),
            ha='center',
            va='center',
            zorder=4,
            path_effects=[withStroke(linewidth=2.5, foreground='white')],
        )
        for point in points
    ]
    for text in texts:
        text.set_in_layout(False)
    # Names are placed in pixels, for which the layout has to be settled.
    figure.draw_without_rendering()
    figure.set_layout_engine('none')
    extents = [text.get_window_extent() for text in texts]
    sizes = [(int(box.width) + 4, int(box.height) + 2) for box in extents]
    origin = axes.bbox.min
    places = axes.transData.transform(
        [(point.cost, point.value) for point in points]
    )
    middles = place_beside(
        places - origin,
        sizes,
        (int(axes.bbox.width), int(axes.bbox.height)),
        _mark_boxes(axes, points) - np.tile(origin, 2),
        _line_boxes(axes.transData.transform(stairs)) - np.tile(origin, 2),
    )
    to_data = axes.transData.inverted()
    for text, size, middle, place in zip(
        texts, sizes, middles + origin, places, strict=True
    ):
        x, y = to_data.transform(middle)
        text.set_position((x, y))
        half = np.array(size) / 2
        box = Bbox([middle - half, middle + half])
        end = np.clip(place, box.min, box.max)
        if np.linalg.norm(place - end) > LEADER_PIXELS:
            axes.plot(
                *to_data.transform([place, end]).T,
                color='#999999',
                linewidth=0.7,
                zorder=2,
            )


def _dark(color: str) -> tuple[float, float, float]:
    """A colour that text on white can be read in."""
    red, green, blue = (part * 0.72 for part in to_rgb(color))
    return red, green, blue


def _mark_boxes(axes: Axes, points: Sequence[Point]) -> NDArray[np.float64]:
    """Boxes of marks and error bars in pixels, shape (N, 4)."""
    boxes = []
    for point in points:
        spread = point.spread or 0.0
        low, high = axes.transData.transform(
            [
                (point.cost, point.value - spread),
                (point.cost, point.value + spread),
            ]
        )
        half = MARK_PIXELS / 2
        boxes.append([*(low - half), *(high + half)])
    return np.array(boxes)


def _line_boxes(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Thin boxes along lines that are level or upright, shape (K - 1, 4)."""
    ends = np.stack([corners[:-1], corners[1:]])
    return np.concatenate([ends.min(axis=0) - 1, ends.max(axis=0) + 1], axis=1)
