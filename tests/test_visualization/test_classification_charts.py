"""Charts for many classes are legible and show what they are given."""

import numpy as np
import pytest
from PIL import Image

from mmvision_ext.visualization.classification_charts import (
    ABOVE,
    BELOW,
    plot_class_accuracy,
    plot_class_confusion,
)


def _pixels(path) -> np.ndarray:
    return np.asarray(Image.open(path).convert('RGB')).astype(int)


def _count(picture: np.ndarray, color: str) -> int:
    wanted = [int(color[i : i + 2], 16) for i in (1, 3, 5)]
    return int((np.abs(picture - wanted) < 8).all(axis=2).sum())


def test_mistakes_are_red_and_right_answers_blue(tmp_path) -> None:
    names = ['a', 'b', 'c']
    right = _pixels(
        plot_class_confusion(np.eye(3, dtype=int), names, tmp_path / 'r.png')
    )
    wrong = _pixels(
        plot_class_confusion(
            np.array([[0, 1, 0], [1, 0, 0], [0, 0, 1]]),
            names,
            tmp_path / 'w.png',
        )
    )
    dark_red = (103, 0, 13)  # the end of matplotlib's Reds, a share of 1

    def red(picture: np.ndarray) -> int:
        return int((np.abs(picture - dark_red) < 8).all(axis=2).sum())

    assert red(wrong) > red(right) + 500  # beyond the key to the colours


def test_many_classes_fit_a_screen_and_stay_legible(tmp_path) -> None:
    names = [f'some class {index}' for index in range(101)]
    path = plot_class_confusion(
        np.eye(101, dtype=int), names, tmp_path / 'x.png', 'title'
    )
    height, width, _ = _pixels(path).shape
    rows = 101 * 0.14 * 140  # pixels, at 140 dots per inch
    assert rows < height < 1.5 * rows and rows < width < 1.5 * rows


def test_confusion_wants_a_name_for_each_row(tmp_path) -> None:
    with pytest.raises(ValueError, match=r'expected shape \(2, 2\)'):
        plot_class_confusion(
            np.eye(3, dtype=int), ['a', 'b'], tmp_path / 'x.png'
        )


def test_bars_below_chance_have_another_colour(tmp_path) -> None:
    names = ['a', 'b', 'c']
    good = plot_class_accuracy(
        [0.5, 1, 0.9], names, tmp_path / 'g.png', '', 0.3
    )
    bad = plot_class_accuracy(
        [0.2, 1, 0.9], names, tmp_path / 'b.png', '', 0.3
    )
    assert _count(_pixels(good), BELOW) == 0
    assert _count(_pixels(bad), BELOW) > 100 < _count(_pixels(bad), ABOVE)


def test_bars_are_spread_over_columns(tmp_path) -> None:
    def size(count: int) -> tuple[int, int]:
        names = [str(index) for index in range(count)]
        path = plot_class_accuracy(
            np.linspace(0, 1, count), names, tmp_path / f'{count}.png'
        )
        return Image.open(path).size

    few, many = size(30), size(90)
    assert many[0] > 1.2 * few[0] and many[1] < 1.2 * few[1]


@pytest.mark.parametrize(('shares', 'names'), [([], []), ([0.5], ['a', 'b'])])
def test_bars_want_a_name_for_each_class(shares, names, tmp_path) -> None:
    with pytest.raises(ValueError, match='one name per share'):
        plot_class_accuracy(shares, names, tmp_path / 'x.png')
