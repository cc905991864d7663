"""Bars and points of attributes, as they are drawn."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex
from matplotlib.container import BarContainer
from matplotlib.figure import Figure

from mmvision_ext.visualization import attribute_charts
from mmvision_ext.visualization.attribute_charts import (
    AttributeScale,
    plot_against_positives,
    plot_attribute_bars,
)
from mmvision_ext.visualization.charts import SERIES_COLORS


def _scale(count: int) -> AttributeScale:
    """Attributes of rising average precision, named by their index."""
    order = np.arange(count)
    return AttributeScale(
        [f'a{index}' for index in order],
        (order + 1) / (count + 1),
        (order + 1) / (2 * count),
        order + 1,
        dict(head=order[count // 2 :], tail=order[: count // 2]),
    )


@pytest.fixture
def figures(monkeypatch) -> list[tuple[Figure, Path]]:
    """What would be written."""
    drawn: list[tuple[Figure, Path]] = []

    def keep(figure: Figure, path: Path) -> Path:
        drawn.append((figure, path))
        return path

    monkeypatch.setattr(attribute_charts, 'save_figure', keep)
    return drawn


def _bars(figure: Figure) -> list[tuple[str, float, str, float]]:
    """Label, length, colour and chance of each bar, in reading order."""
    rows = []
    for axes in figure.axes:
        container: Any
        (container,) = [
            item for item in axes.containers if isinstance(item, BarContainer)
        ]
        ticks = [
            item
            for item in axes.collections
            if isinstance(item, LineCollection)
        ][-1].get_segments()
        labels = [label.get_text() for label in axes.get_yticklabels()]
        for label, bar, tick in zip(labels, container, ticks, strict=True):
            color = to_hex(bar.get_facecolor()).upper()
            rows.append((label, bar.get_width(), color, tick[0][0]))
    return rows


def test_every_attribute_has_its_bar_and_its_chance(figures) -> None:
    scale = _scale(200)
    paths = plot_attribute_bars(scale, 'ap.png', 'title')
    assert paths == [Path('ap_1.png'), Path('ap_2.png')]
    assert [len(figure.axes) for figure, _ in figures] == [3, 3]
    rows = [row for figure, _ in figures for row in _bars(figure)]
    best_first = range(199, -1, -1)
    assert [row[0] for row in rows] == [f'a{i} ({i + 1})' for i in best_first]
    np.testing.assert_allclose(
        [row[1] for row in rows], 100 * scale.average_precision[::-1]
    )
    np.testing.assert_allclose(
        [row[3] for row in rows], 100 * scale.chance[::-1]
    )
    assert {row[2] for row in rows[:100]} == {SERIES_COLORS[0]}
    assert {row[2] for row in rows[100:]} == {SERIES_COLORS[1]}


@pytest.mark.parametrize(
    ('count', 'columns'), [(1, [1]), (36, [1]), (37, [2]), (108, [3])]
)
def test_few_attributes_have_one_page(count, columns, figures) -> None:
    assert plot_attribute_bars(_scale(count), 'ap.png') == [Path('ap.png')]
    assert [len(figure.axes) for figure, _ in figures] == columns


def test_points_and_the_names_of_the_extremes(figures) -> None:
    scale = _scale(30)
    plot_against_positives(scale, 'points.png')
    [(figure, _)] = figures
    (axes,) = figure.axes
    chances, points = (item.get_offsets() for item in axes.collections)
    np.testing.assert_allclose(
        points, np.stack([scale.positives, 100 * scale.average_precision], 1)
    )
    np.testing.assert_allclose(
        chances, np.stack([scale.positives, 100 * scale.chance], 1)
    )
    gain = scale.average_precision - scale.chance  # grows with the index
    order = np.argsort(gain)
    named = {text.get_text() for text in axes.texts}
    assert named == {f'a{index}' for index in (*order[:5], *order[-5:])}


def test_pictures_are_written(tmp_path: Path) -> None:
    (path,) = plot_attribute_bars(_scale(3), tmp_path / 'new' / 'ap.png')
    assert path.is_file()
    assert plot_against_positives(_scale(1), tmp_path / 'one.png').is_file()


@pytest.mark.parametrize('draw', [plot_attribute_bars, plot_against_positives])
def test_no_attributes(draw) -> None:
    with pytest.raises(ValueError, match='at least one'):
        draw(_scale(0), 'ap.png')
