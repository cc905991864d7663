"""Pages of pictures."""

import numpy as np
import pytest

from mmvision_ext.visualization.grid import (
    GROUND,
    MARGIN,
    image_grid,
    on_square,
)


def _image(height: int, width: int, value: int) -> np.ndarray:
    return np.full((height, width, 3), value, np.uint8)


def test_pictures_keep_their_pixels_and_their_order() -> None:
    images = [_image(60, 80, value) for value in (10, 20, 30)]
    page = image_grid(images, ['a', 'b', 'c'], 2)
    assert page.shape[1] == 2 * 80 + 3 * MARGIN
    for value in (10, 20, 30):
        assert (page == value).all(axis=2).sum() == 60 * 80
    starts = [
        np.argwhere((page == value).all(axis=2))[0] for value in (10, 20, 30)
    ]
    assert starts[0].tolist() == [MARGIN, MARGIN]
    assert starts[1].tolist() == [MARGIN, 2 * MARGIN + 80]
    assert starts[2][0] > MARGIN + 60 and starts[2][1] == MARGIN


def test_columns_fit_their_widest_picture() -> None:
    images = [_image(50, 40, 10), _image(30, 90, 20), _image(50, 70, 30)]
    page = image_grid(images, [''] * 3, 2)
    assert page.shape[1] == 70 + 90 + 3 * MARGIN


def test_captions_stay_within_their_columns() -> None:
    images = [_image(200, 200, 10)] * 2
    page = image_grid(images, ['a caption of a good many words ' * 3, ''], 2)
    below = page[MARGIN + 200 :]
    ink = np.nonzero((below < 128).any(axis=(0, 2)))[0]
    assert ink.size and ink.max() < MARGIN + 200


def test_title_and_footer_add_ink_above_and_below() -> None:
    images = [_image(100, 300, 10)]
    plain = image_grid(images, ['x'], 1)
    full = image_grid(images, ['x'], 1, title='Title', footer='Footer')
    assert full.shape[0] > plain.shape[0] + 20
    top = np.argwhere((full == 10).all(axis=2))[0][0]
    assert (full[:top] < 128).any()


@pytest.mark.parametrize(
    ('images', 'captions', 'columns'),
    [([], [], 1), ([_image(5, 5, 0)], [], 1), ([_image(5, 5, 0)], [''], 0)],
)
def test_what_makes_no_page_is_refused(
    images: list, captions: list, columns: int
) -> None:
    with pytest.raises(ValueError, match='expected at least one image'):
        image_grid(images, captions, columns)


def test_a_picture_is_put_into_the_middle_of_a_square() -> None:
    square = on_square(np.zeros((2, 4, 3), np.uint8), 4)
    assert square.shape == (4, 4, 3)
    assert square[1:3].max() == 0 and square[[0, 3]].min() == GROUND
