"""Colours of classes."""

import itertools

import numpy as np
import pytest

from mmvision_ext.visualization.palette import (
    class_colors,
    spread_color,
    text_color,
)


def test_a_given_palette_is_kept_in_order() -> None:
    palette = [[1, 2, 3], (4, 5, 6), (7, 8, 9)]
    assert class_colors(2, palette) == [(1, 2, 3), (4, 5, 6)]


def test_a_short_palette_names_both_lengths() -> None:
    with pytest.raises(ValueError, match=r'at least 3 colours.*found 1'):
        class_colors(3, [(0, 0, 0)])


@pytest.mark.parametrize('palette', [None, 'random'])
def test_without_a_palette_colours_are_distinct(palette: str | None) -> None:
    colors = np.array(class_colors(20, palette))
    distances = [
        np.linalg.norm(first - second)
        for first, second in itertools.combinations(colors, 2)
    ]
    assert min(distances) > 20
    assert tuple(colors[3]) == spread_color(3)


def test_text_is_readable_on_every_class_colour() -> None:
    for color in [*class_colors(40), (0, 0, 0), (255, 255, 255)]:
        assert _contrast(color, text_color(color)) >= 4.5


def _contrast(first: tuple[int, ...], second: tuple[int, ...]) -> float:
    """WCAG 2.1 contrast ratio."""
    lights = []
    for color in (first, second):
        value = np.array(color) / 255
        linear = np.where(
            value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4
        )
        lights.append(float(linear @ [0.2126, 0.7152, 0.0722]) + 0.05)
    return max(lights) / min(lights)
