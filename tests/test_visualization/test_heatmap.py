"""Heat maps on images."""

import numpy as np
import pytest

from mmvision_ext.visualization.heatmap import OPACITY, overlay_heat


def test_cold_stays_clear_and_hot_turns_red() -> None:
    image = np.full((1, 2, 3), 100, np.uint8)
    page = overlay_heat(image, np.array([[0.0, 1.0]]))
    assert page[0, 0].tolist() == [100, 100, 100]
    red, green, blue = page[0, 1].astype(int)
    end_of_turbo = (122.8, 4.5, 2.7)  # published colours of the map's end
    for found, color in zip((red, green, blue), end_of_turbo, strict=True):
        expected = 100 * (1 - OPACITY) + color * OPACITY
        assert found == pytest.approx(expected, abs=1)


def test_shapes_have_to_agree() -> None:
    with pytest.raises(ValueError, match=r'\(1, 2\), found \(2, 1\)'):
        overlay_heat(np.zeros((1, 2, 3), np.uint8), np.zeros((2, 1)))
