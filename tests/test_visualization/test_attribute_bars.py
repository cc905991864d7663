"""An image beside bars of its attributes."""

import numpy as np
import pytest

from mmvision_ext.visualization.attribute_bars import Bar, draw_attributes

RED, GREEN, BLUE = (250, 20, 30), (20, 240, 30), (10, 30, 240)
IMAGE = np.full((450, 600, 3), 90, np.uint8)


def columns(picture: np.ndarray, color: tuple[int, int, int]) -> np.ndarray:
    """Pixels of a colour in each column of the widest bar."""
    found = (picture == color).all(axis=2)
    return found.sum(axis=0)


def bar(score, color, threshold=1.0, name='wood', group=''):
    return Bar(name, group, score, threshold, color)


def test_bars_are_as_long_as_the_scores() -> None:
    picture = draw_attributes(
        IMAGE, [bar(1.0, RED), bar(0.5, GREEN), bar(0.0, BLUE)]
    )
    np.testing.assert_array_equal(picture[:450, :600], IMAGE)
    full = (columns(picture, RED) > 0).sum()
    half = (columns(picture, GREEN) > 0).sum()
    assert half / full == pytest.approx(0.5, abs=0.03)
    assert not columns(picture, BLUE).any()


def test_the_line_is_at_the_threshold() -> None:
    quarter, most = (
        draw_attributes(IMAGE, [bar(1.0, RED, threshold)])
        for threshold in (0.25, 0.75)
    )
    full = np.flatnonzero(columns(quarter, RED))
    differ = np.flatnonzero((quarter != most).any(axis=(0, 2)))
    length = full[-1] - full[0]
    places = (differ - full[0]) / length
    assert min(abs(places - 0.25)) < 0.03 and min(abs(places - 0.75)) < 0.03
    assert ((places < 0.3) | (places > 0.7)).all()


def test_groups_are_explained_once_each() -> None:
    bars = [bar(0.0, RED, group='a'), bar(0.0, RED, group='a')]
    once = columns(draw_attributes(IMAGE, bars), RED).sum()
    alone = columns(draw_attributes(IMAGE, bars[:1]), RED).sum()
    assert once == alone > 50
    assert not columns(draw_attributes(IMAGE, [bar(0.0, RED)]), RED).any()


def test_many_bars_make_the_picture_higher() -> None:
    picture = draw_attributes(IMAGE[:60], [bar(0.5, RED)] * 40, long_side=600)
    assert picture.shape[0] > 40 * 15
    assert (picture[60:, :600] == 255).all()


def test_the_object_is_outlined() -> None:
    picture = draw_attributes(IMAGE, [], (100, 50, 300, 200), long_side=600)
    changed = np.argwhere((picture[:, :600] != 90).any(axis=2))
    (y1, x1), (y2, x2) = changed.min(axis=0), changed.max(axis=0)
    assert abs(np.array([x1, y1, x2, y2]) - (100, 50, 300, 200)).max() <= 2
