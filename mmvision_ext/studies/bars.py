"""Bars of a study: the mean of every entry, with a dot a seed."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from mmvision_ext.visualization.charts import STYLE, new_figure, save_figure

from .chart_style import CHANCE_LINE, PANELS_PER_ROW, label_colors
from .spec import Metric, Study
from .summary import Kind, Statistic, SummaryRow

GREY = '#9a9a9a'
ROW_INCHES = 0.34
DOT: dict[str, Any] = dict(
    marker='o',
    markersize=4,
    linestyle='',
    color='white',
    markeredgecolor='black',
    markeredgewidth=0.8,
)


def plot_seed_bars(
    study: Study, rows: Sequence[SummaryRow], path: Path
) -> Path:
    """Draw the mean of every entry with its seeds, one panel a metric.

    Args:
        study: The study.
        rows: Rows with numbers; those that others published become grey.
        path: Picture to write.

    Returns:
        The path.
    """
    metrics = study.metrics
    num_columns = min(PANELS_PER_ROW, len(metrics))
    num_rows = -(-len(metrics) // num_columns)
    places, headings = _places(rows)
    colors = label_colors(study)
    longest = max(len(name) for row in rows for name in (row.label, row.group))
    with matplotlib.rc_context(STYLE):
        figure = new_figure(
            3.5 * num_columns + 0.085 * longest,
            num_rows * (1.0 + ROW_INCHES * (places[-1] + 1)),
            f'{study.title}\n{study.data}',
        )
        grid = figure.subplots(
            num_rows, num_columns, squeeze=False, sharey=True
        )
        for axes in grid.flat[len(metrics) :]:
            axes.remove()
        for axes, metric in zip(grid.flat, metrics, strict=False):
            _bar_panel(axes, metric, rows, places, colors, study.chance)
        grid[0, 0].set_yticks(places, [row.label for row in rows])
        grid[0, 0].set_ylim(places[-1] + 0.6, -0.6)
        for axes in grid[:, 0]:
            for heading, place in headings.items():
                axes.annotate(
                    heading,
                    (0, place),
                    (-8, 0),
                    xycoords=axes.get_yaxis_transform(),
                    textcoords='offset points',
                    weight='bold',
                    ha='right',
                    va='center',
                )
        _legend_of_marks(figure, study, rows)
        return save_figure(figure, path)


def _places(
    rows: Sequence[SummaryRow],
) -> tuple[list[float], dict[str, float]]:
    """Where bars and the headings of groups stand, from the top."""
    places: list[float] = []
    headings: dict[str, float] = {}
    following = 0.0
    previous = ''
    grouped = any(row.group for row in rows)
    for row in rows:
        heading = 'published' if row.kind is Kind.PUBLISHED else row.group
        if grouped and heading != previous:
            following += 0.25 if places else 0.0
            headings[heading] = following
            following += 0.8
        previous = heading
        places.append(following)
        following += 1.0
    return places, headings


def _bar_panel(
    axes: Axes,
    metric: Metric,
    rows: Sequence[SummaryRow],
    places: Sequence[float],
    colors: Mapping[str, str],
    chance: Mapping[str, float],
) -> None:
    """Bars of one metric, the seeds as dots, the deviation as a whisker."""
    longest = 1e-9
    for row, place in zip(rows, places, strict=True):
        numbers = row.statistics.get(metric.name)
        if numbers is None:
            _annotate(axes, 'n/a', 0.0, place)
            continue
        color = colors[row.label] if row.kind is Kind.RUNS else None
        _bar(axes, numbers, place, color)
        end = max(numbers.mean + (numbers.sd or 0), *numbers.values)
        longest = max(longest, end)
        spec = f'.{metric.digits}f'
        spread = '' if numbers.sd is None else f' ± {numbers.sd:{spec}}'
        _annotate(axes, f'{numbers.mean:{spec}}{spread}', end, place)
    if metric.name in chance:
        axes.axvline(chance[metric.name], **CHANCE_LINE)
    axes.set_xlim(0, longest * 1.42)
    axes.set_title(metric.title)
    axes.grid(visible=False, axis='y')
    ticks = MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]).tick_values(0, longest)
    axes.set_xticks([tick for tick in ticks if 0 <= tick <= longest * 1.05])


def _bar(
    axes: Axes, numbers: Statistic, place: float, color: str | None
) -> None:
    """One bar; hatched grey, without seeds, where no colour is given."""
    axes.barh(
        place,
        numbers.mean,
        height=0.66,
        color=color or 'white',
        edgecolor=color or GREY,
        hatch=None if color else '////',
        alpha=0.75 if color else 1.0,
    )
    if numbers.sd is not None:
        axes.errorbar(
            numbers.mean,
            place,
            xerr=numbers.sd,
            color='black',
            capsize=3,
            linewidth=1.2,
        )
    if color:
        axes.plot(numbers.values, [place] * len(numbers.values), **DOT)


def _annotate(axes: Axes, text: str, x: float, place: float) -> None:
    axes.annotate(
        text,
        (x, place),
        (6, 0),
        textcoords='offset points',
        va='center',
        fontsize=8.5,
    )


def _legend_of_marks(
    figure: Figure, study: Study, rows: Sequence[SummaryRow]
) -> None:
    marks = [Line2D([], [], **DOT)]
    labels = ['one seed']
    if any(s.sd is not None for row in rows for s in row.statistics.values()):
        marks.append(Line2D([], [], color='black', linewidth=1.2))
        labels.append('± sample standard deviation')
    if study.chance:
        marks.append(Line2D([], [], **CHANCE_LINE))
        labels.append('chance')
    figure.legend(marks, labels, loc='outside lower left', ncols=3)
