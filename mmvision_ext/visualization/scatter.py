"""Points of many classes in the plane, such that classes can be told."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from matplotlib.text import Text
from numpy.typing import NDArray

from .charts import SERIES_COLORS, STYLE, new_figure, save_figure
from .palette import spread_color
from .text import place_labels

# With more classes a legend cannot be matched with the points any more.
MAX_LEGEND = 20
MARKERS = ('o', 's', '^')  # with the first seven colours, 21 distinct ones
OTHERS = '#d4d4d4'
NAME_POINTS = 8


def plot_scatter(
    points: NDArray[np.floating],
    labels: NDArray[np.int64],
    names: Sequence[str],
    path: str | Path,
    title: str = '',
    axis_labels: tuple[str, str] | None = None,
    chosen: Sequence[int] = (),
) -> Path:
    """Draw points coloured by class.

    Up to 20 classes have a legend, in which each has its own pair of colour
    and marker. With more, names stand at the middles of the classes, as many
    as find room, those of dense classes first.

    Args:
        points: Shape (N, 2).
        labels: Index of the class of each point, shape (N,).
        names: C names.
        path: Picture to write; missing folders are made.
        title: Title of the chart.
        axis_labels: What is shown in x and y; without it, the axes have no
            numbers, since positions mean nothing by themselves.
        chosen: Indices of classes to show in colour, at most 20; all others
            are grey. Nothing chosen shows all.

    Returns:
        The path.

    Raises:
        ValueError: Shapes disagree, there are no points, or more than 20
            classes are chosen.
    """
    if (
        points.shape != (len(labels), 2)
        or not len(labels)
        or len(chosen) > MAX_LEGEND
    ):
        raise ValueError(
            'plot_scatter: expected points (N, 2) with N > 0 labels and at '
            f'most {MAX_LEGEND} chosen classes, found {points.shape}, '
            f'{len(labels)} labels and {len(chosen)} classes.'
        )
    shown = list(chosen) or np.unique(labels).tolist()
    with matplotlib.rc_context(STYLE):
        with_legend = len(shown) <= MAX_LEGEND
        size = (9.6, 7.0) if with_legend else (13.0, 11.0)
        figure = new_figure(*size, title)
        axes = figure.subplots()
        if with_legend:
            _with_legend(axes, points, labels, names, shown)
        else:
            _colored(axes, points, labels)
        axes.grid(visible=False)
        if axis_labels:
            axes.set_xlabel(axis_labels[0])
            axes.set_ylabel(axis_labels[1])
        else:
            axes.set_xticks([])
            axes.set_yticks([])
        if not with_legend:
            named = _name_classes(figure, axes, points, labels, names)
            if named < len(shown):
                axes.annotate(
                    f'{named} of {len(shown)} classes are named; the others '
                    'have no room',
                    (0.01, 0.01),
                    xycoords='axes fraction',
                    color='#666666',
                )
        return save_figure(figure, path)


def _with_legend(
    axes: Axes,
    points: NDArray[np.floating],
    labels: NDArray[np.int64],
    names: Sequence[str],
    shown: Sequence[int],
) -> None:
    other = ~np.isin(labels, shown)
    if other.any():
        x, y = points[other].T
        axes.scatter(x, y, s=14, color=OTHERS, linewidths=0)
    keys = []
    for number, index in enumerate(shown):
        color = SERIES_COLORS[number % 7]
        marker = MARKERS[number // 7]
        x, y = points[labels == index].T
        axes.scatter(
            x,
            y,
            s=34,
            color=color,
            marker=marker,
            edgecolors='white',
            linewidths=0.5,
        )
        keys.append(
            Line2D(
                [],
                [],
                color=color,
                marker=marker,
                linestyle='',
                label=f'{names[index]} ({len(x)})',
            )
        )
    if other.any():
        keys.append(
            Line2D(
                [],
                [],
                color=OTHERS,
                marker='o',
                linestyle='',
                label=f'other classes ({other.sum()})',
            )
        )
    axes.legend(handles=keys, loc='center left', bbox_to_anchor=(1.0, 0.5))


def _colored(
    axes: Axes, points: NDArray[np.floating], labels: NDArray[np.int64]
) -> None:
    colors = np.array([_shade(label) for label in labels.tolist()])
    axes.scatter(
        points[:, 0],
        points[:, 1],
        s=16,
        color=colors,
        alpha=0.75,
        linewidths=0,
    )


def _shade(label: int) -> tuple[float, float, float]:
    """The class's colour, dark enough for text on white."""
    red, green, blue = (part * 0.72 / 255 for part in spread_color(label))
    return red, green, blue


def _name_classes(
    figure: Figure,
    axes: Axes,
    points: NDArray[np.floating],
    labels: NDArray[np.int64],
    names: Sequence[str],
) -> int:
    """Write names at the middles of classes; return how many found room."""
    middles, spreads, present = [], [], np.unique(labels)
    for index in present:
        part = points[labels == index]
        middle = np.median(part, axis=0)
        middles.append(middle)
        spreads.append(float(np.abs(part - middle).mean()))
    order = np.argsort(spreads, kind='stable')
    texts = [_name(axes, names[present[i]], int(present[i])) for i in order]
    centres = np.array([middles[i] for i in order])
    # Texts are placed in pixels, for which the layout has to be settled.
    figure.draw_without_rendering()
    figure.set_layout_engine('none')
    boxes, sizes, frame = _pixel_boxes(axes, texts, centres)
    placed = place_labels(boxes, sizes, frame)
    to_data = axes.transData.inverted()
    left, bottom = axes.bbox.x0, axes.bbox.y0
    for text, corner, size, centre in zip(
        texts, placed, sizes, centres, strict=True
    ):
        if corner is None:
            text.remove()
            continue
        x = left + corner[0] + size[0] / 2
        y = bottom + frame[1] - corner[1] - size[1] / 2
        place = to_data.transform((x, y))
        text.set_position((place[0], place[1]))
        axes.plot(
            *zip(centre, place, strict=True),
            color=text.get_color(),
            linewidth=0.6,
            alpha=0.6,
        )
    return sum(corner is not None for corner in placed)


def _name(axes: Axes, name: str, label: int) -> Text:
    text = axes.text(
        0,
        0,
        name,
        fontsize=NAME_POINTS,
        weight='bold',
        color=_shade(label),
        ha='center',
        va='center',
        path_effects=[withStroke(linewidth=2, foreground='white')],
    )
    text.set_in_layout(False)
    return text


def _pixel_boxes(
    axes: Axes,
    texts: Sequence[Text],
    centres: NDArray[np.floating],
) -> tuple[NDArray[np.int64], list[tuple[int, int]], tuple[int, int]]:
    """Where names may stand, their sizes and that of the axes, in pixels
    downwards from the top left of the axes."""
    extents = [text.get_window_extent() for text in texts]
    sizes = [
        (int(np.ceil(extent.width)) + 2, int(np.ceil(extent.height)))
        for extent in extents
    ]
    frame = (int(axes.bbox.width), int(axes.bbox.height))
    pixels = axes.transData.transform(centres)
    boxes = []
    for (x, y), (width, height) in zip(pixels, sizes, strict=True):
        middle = x - axes.bbox.x0, frame[1] - (y - axes.bbox.y0)
        boxes.append(
            (
                middle[0] - width / 2,
                middle[1] - 1.5 * height,
                middle[0] + width / 2,
                middle[1] + 1.5 * height,
            )
        )
    return np.round(boxes).astype(np.int64), sizes, frame
