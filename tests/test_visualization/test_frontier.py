"""Pareto fronts, and charts in which every point can be named."""

import itertools
import warnings

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from mmvision_ext.visualization import frontier
from mmvision_ext.visualization.frontier import (
    Point,
    log_ticks,
    pareto_front,
    plot_frontier,
)
from mmvision_ext.visualization.label_places import place_beside


def _axes(monkeypatch) -> list[Axes]:
    """Axes of the charts that are written from now on."""
    seen: list[Axes] = []
    save = frontier.save_figure

    def keep(figure: Figure, path):
        seen.extend(figure.axes)
        written = save(figure, path)
        FigureCanvasAgg(figure).draw()  # extents at the figure's own dpi
        return written

    monkeypatch.setattr(frontier, 'save_figure', keep)
    return seen


@pytest.mark.parametrize('seed', range(20))
def test_front_is_that_of_all_pairs(seed: int) -> None:
    generator = np.random.default_rng(seed)
    # Few different numbers, so that some are equal.
    costs, values = generator.integers(1, 7, (2, 15)).tolist()
    pairs = list(zip(costs, values, strict=True))
    expected = {
        index
        for index, (cost, value) in enumerate(pairs)
        if not any(
            c <= cost and v >= value and (c, v) != (cost, value)
            for c, v in pairs
        )
    }
    front = pareto_front(costs, values)
    assert set(front) == expected and len(front) == len(expected)
    assert [costs[i] for i in front] == sorted(costs[i] for i in front)


@pytest.mark.parametrize(
    ('low', 'high'), [(0.02, 70), (0.1, 60), (2, 3), (40, 4e5), (1e-4, 1e5)]
)
def test_ticks_are_few_and_within(low: float, high: float) -> None:
    ticks = log_ticks(low, high)
    assert 3 <= len(ticks) <= frontier.MAX_TICKS
    assert low <= min(ticks) and max(ticks) <= high
    assert ticks == sorted(ticks)


def test_ticks_of_network_sizes() -> None:
    assert log_ticks(0.09, 65) == [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50]


def _points(crowded: bool) -> list[Point]:
    generator = np.random.default_rng(3)
    costs = 10 ** generator.uniform(-1, 1.8, 17)
    values = generator.uniform(55, 85, 17)
    if crowded:
        costs, values = 1 + (costs - 0.1) * 0.002, 70 + values * 0.02
    return [
        Point(f'network-{index:02d}', f'group {index % 3}', cost, value, 0.4)
        for index, (cost, value) in enumerate(zip(costs, values, strict=True))
    ]


@pytest.mark.parametrize('crowded', [False, True])
def test_names_do_not_cover_each_other(
    crowded: bool, tmp_path, monkeypatch
) -> None:
    seen = _axes(monkeypatch)
    points = _points(crowded)
    plot_frontier(points, tmp_path / 'x.png', 'A title', 'cost', 'value')
    axes = seen[0]
    texts = {text.get_text(): text for text in axes.texts}
    assert set(texts) == {point.name for point in points}
    boxes = {name: text.get_window_extent() for name, text in texts.items()}
    for first, second in itertools.combinations(boxes.values(), 2):
        assert not first.overlaps(second)
    marks = axes.transData.transform([(p.cost, p.value) for p in points])
    for name, box in boxes.items():
        assert not any(box.contains(*mark) for mark in marks), name
        assert axes.bbox.contains(box.x0, box.y0), name
        assert axes.bbox.contains(box.x1, box.y1), name


def test_names_of_lone_points_stand_next_to_them() -> None:
    points = np.array([[100.0, 100], [400, 300]])
    marks = np.concatenate([points - 6, points + 6], axis=1)
    middles = place_beside(
        points, [(60, 14)] * 2, (600, 400), marks, np.zeros((0, 4))
    )
    for point, middle in zip(points, middles, strict=True):
        off = np.abs(middle - point) - [30, 7]
        assert off.max() < 15


def test_front_points_are_filled(tmp_path, monkeypatch) -> None:
    seen = _axes(monkeypatch)
    points = [
        Point('a', '', 1.0, 50.0),
        Point('b', '', 2.0, 40.0),
        Point('c', '', 3.0, 60.0),
    ]
    plot_frontier(points, tmp_path / 'x.png', '', 'cost', 'value')
    faces = {
        line.get_xdata()[0]: line.get_markerfacecolor()
        for line in seen[0].lines
        if line.get_marker() == 'o'
    }
    assert faces[2.0] == 'white'
    assert faces[1.0] == faces[3.0] == frontier.SERIES_COLORS[0]
    [stairs] = [line for line in seen[0].lines if line.get_linestyle() == '--']
    assert stairs.get_xydata()[:3].tolist() == [[1, 50], [3, 50], [3, 60]]


def test_values_of_zero_have_an_axis(tmp_path, monkeypatch) -> None:
    seen = _axes(monkeypatch)
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        plot_frontier(
            [Point('a', '', 1.0, 0.0)], tmp_path / 'x.png', '', 'cost', 'value'
        )
    low, high = seen[0].get_ylim()
    assert low < 0 < high


@pytest.mark.parametrize('costs', [[], [1.0, 0.0]])
def test_what_a_logarithm_cannot_show(costs: list, tmp_path) -> None:
    points = [Point('a', '', cost, 1.0) for cost in costs]
    with pytest.raises(ValueError, match='costs above 0'):
        plot_frontier(points, tmp_path / 'x.png', '', 'cost', 'value')
