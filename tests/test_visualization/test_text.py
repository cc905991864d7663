"""Places of labels, and text that fits its room."""

import itertools

import numpy as np
import pytest

from mmvision_ext.visualization.text import (
    load_font,
    place_labels,
    shorten,
    text_size,
    wrap,
)


def test_shortened_text_fits_and_ends_in_an_ellipsis() -> None:
    font = load_font(14)
    short = shorten('a rather long line of text', font, 80)
    assert text_size(short, font)[0] <= 80
    assert short.startswith('a ') and short.endswith('…')
    assert shorten('short', font, 80) == 'short'


def test_wrapped_lines_fit_and_keep_every_word() -> None:
    font = load_font(14)
    lines = wrap('one two three four five\nsix', font, 90)
    assert ' '.join(lines).split() == 'one two three four five six'.split()
    assert lines[-1] == 'six'
    assert all(text_size(line, font)[0] <= 90 for line in lines)


def test_wrapping_nothing_gives_one_empty_line() -> None:
    assert wrap('', load_font(14), 50) == ['']


def test_a_free_label_stands_above_its_box() -> None:
    boxes = np.array([[20, 50, 80, 90]])
    assert place_labels(boxes, [(40, 12)], (100, 100)) == [(20, 38)]


def test_a_label_at_the_top_edge_moves_inside_the_picture() -> None:
    boxes = np.array([[90, 2, 99, 99]])
    (left, top) = place_labels(boxes, [(40, 12)], (100, 100))[0]
    assert (left, top) == (60, 0)


@pytest.mark.parametrize('count', [2, 5, 8])
def test_labels_of_one_place_do_not_overlap(count: int) -> None:
    boxes = np.array([[10, 30, 190, 190]] * count)
    size = (60, 14)
    corners = place_labels(boxes, [size] * count, (200, 200))
    for first, second in itertools.combinations(corners, 2):
        apart = np.abs(np.subtract(first, second))
        assert apart[0] >= size[0] or apart[1] >= size[1]
    assert all(
        0 <= x <= 200 - size[0] and 0 <= y <= 200 - size[1] for x, y in corners
    )


def test_labels_without_room_get_no_place_and_the_first_ones_do() -> None:
    boxes = np.array([[10, 10, 70, 50]] * 20)
    corners = place_labels(boxes, [(60, 14)] * 20, (80, 60))
    places = [corner for corner in corners if corner is not None]
    assert 2 <= len(places) <= 4 and corners[0] is not None
    assert corners[-1] is None


def test_no_labels_need_no_places() -> None:
    assert place_labels(np.zeros((0, 4), np.int64), [], (10, 10)) == []
