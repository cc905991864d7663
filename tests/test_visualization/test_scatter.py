"""Points of classes, a legend, and names that do not cover each other."""

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from mmvision_ext.visualization import scatter
from mmvision_ext.visualization.charts import SERIES_COLORS
from mmvision_ext.visualization.scatter import plot_scatter


def _axes(monkeypatch) -> list[Axes]:
    """Axes of the charts that are written from now on."""
    seen: list[Axes] = []
    save = scatter.save_figure

    def keep(figure: Figure, path):
        seen.extend(figure.axes)
        return save(figure, path)

    monkeypatch.setattr(scatter, 'save_figure', keep)
    return seen


def _has_color(path, color: str) -> bool:
    wanted = [int(color[i : i + 2], 16) for i in (1, 3, 5)]
    picture = np.asarray(Image.open(path).convert('RGB')).astype(int)
    return bool((np.abs(picture - wanted) < 8).all(axis=2).any())


def test_each_class_has_its_own_colour_and_marker(
    tmp_path, monkeypatch
) -> None:
    seen = _axes(monkeypatch)
    labels = np.arange(40) % 20
    names = [f'class {index}' for index in range(20)]
    points = np.random.default_rng(0).normal(size=(40, 2))
    plot_scatter(points, labels, names, tmp_path / 'x.png')
    keys = seen[0].get_legend().legend_handles
    assert len({(key.get_color(), key.get_marker()) for key in keys}) == 20
    texts = [text.get_text() for text in seen[0].get_legend().get_texts()]
    assert texts == [f'{name} (2)' for name in names]


def test_classes_not_chosen_are_grey(tmp_path, monkeypatch) -> None:
    seen = _axes(monkeypatch)
    points = np.array([[0.0, 0], [1, 1], [2, 2]])
    path = plot_scatter(
        points, np.arange(3), 'abc', tmp_path / 'x.png', chosen=[2]
    )
    texts = [text.get_text() for text in seen[0].get_legend().get_texts()]
    assert texts == ['c (1)', 'other classes (2)']
    assert _has_color(path, SERIES_COLORS[0])
    assert _has_color(path, scatter.OTHERS)
    assert not _has_color(path, SERIES_COLORS[1])


def test_names_of_many_classes_stand_near_them_and_apart(
    tmp_path, monkeypatch
) -> None:
    seen = _axes(monkeypatch)
    side = np.arange(5.0)
    centres = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    points = np.repeat(centres, 3, axis=0)
    points += np.random.default_rng(0).normal(scale=0.05, size=points.shape)
    names = [f'class {index}' for index in range(25)]
    plot_scatter(
        points, np.repeat(np.arange(25), 3), names, tmp_path / 'x.png'
    )
    axes = seen[0]
    assert axes.get_legend() is None
    placed = {text.get_text(): text for text in axes.texts}
    assert set(placed) == set(names)
    for name, centre in zip(names, centres, strict=True):
        assert np.abs(placed[name].get_position() - centre).max() < 0.4
    boxes = [text.get_window_extent() for text in placed.values()]
    assert not any(
        one.overlaps(other)
        for index, one in enumerate(boxes)
        for other in boxes[:index]
    )


def test_names_without_room_are_counted(tmp_path, monkeypatch) -> None:
    seen = _axes(monkeypatch)
    points = np.zeros((30, 2))
    points[0] = 1
    names = [f'class {index}' for index in range(30)]
    plot_scatter(points, np.arange(30), names, tmp_path / 'x.png')
    texts = [text.get_text() for text in seen[0].texts]
    shown = [text for text in texts if text in names]
    assert 0 < len(shown) < 30
    assert texts[-1].startswith(f'{len(shown)} of 30 classes are named')


def test_axes_have_numbers_only_where_they_mean_something(
    tmp_path, monkeypatch
) -> None:
    seen = _axes(monkeypatch)
    points = np.array([[0.0, 0], [1, 1]])
    plot_scatter(points, np.arange(2), 'ab', tmp_path / 'x.png')
    plot_scatter(
        points,
        np.arange(2),
        'ab',
        tmp_path / 'x.png',
        axis_labels=('first', 'second'),
    )
    assert not len(seen[0].get_xticks()) and len(seen[1].get_xticks())
    assert seen[1].get_ylabel() == 'second'


@pytest.mark.parametrize(
    ('count', 'labels', 'chosen'), [(0, 0, 0), (3, 2, 0), (3, 3, 21)]
)
def test_what_cannot_be_drawn_is_refused(
    count: int, labels: int, chosen: int, tmp_path
) -> None:
    with pytest.raises(ValueError, match='plot_scatter: expected points'):
        plot_scatter(
            np.zeros((count, 2)),
            np.zeros(labels, int),
            ['a'],
            tmp_path / 'x.png',
            chosen=range(chosen),
        )
