"""Boxes, masks and labels on pictures."""

import numpy as np
import pytest
from PIL import Image

from mmvision_ext.visualization.draw import (
    draw_boxes,
    draw_instances,
    save_image,
    to_canvas,
)

GREY = (90, 90, 90)
RED = (255, 0, 0)


def _image(height: int, width: int) -> np.ndarray:
    return np.full((height, width, 3), GREY, np.uint8)


@pytest.mark.parametrize(
    ('shape', 'long_side', 'expected'),
    [
        ((128, 128), None, (448, 448)),
        ((128, 256), None, (448, 896)),
        ((1000, 700), None, (1000, 700)),
        ((10, 1000), None, (20, 2000)),
        ((500, 250), 480, (480, 240)),
        ((32, 64), 480, (240, 480)),
    ],
)
def test_canvas_size(
    shape: tuple[int, int], long_side: int | None, expected: tuple[int, int]
) -> None:
    canvas, scale = to_canvas(_image(*shape), long_side)
    assert canvas.shape == (*expected, 3)
    assert scale == pytest.approx(expected[1] / shape[1])


@pytest.mark.parametrize(
    'image',
    [
        np.zeros((8, 8), np.uint8),
        np.zeros((8, 8, 4), np.uint8),
        np.zeros((8, 8, 3), np.float32),
        np.zeros((0, 8, 3), np.uint8),
    ],
)
def test_what_is_no_rgb_image_is_refused(image: np.ndarray) -> None:
    with pytest.raises(ValueError, match='expected RGB of shape'):
        draw_boxes(image, [], [])


@pytest.mark.parametrize('side', [128, 1000])
def test_an_outline_lies_on_the_edges_of_its_box(side: int) -> None:
    """Edges are continuous: x2 is the right edge of the last pixel."""
    box = np.array([[0.25, 0.125, 0.75, 0.5]]) * side
    picture = draw_boxes(_image(side, side), box, [RED])
    x1, y1, x2, y2 = np.round(box[0] / side * picture.shape[0]).astype(int)
    rows, columns = np.nonzero((picture == RED).all(axis=2))
    assert (columns.min(), columns.max()) == (x1, x2 - 1)
    assert (rows.min(), rows.max()) == (y1, y2 - 1)
    middle = picture[(y1 + y2) // 2, (x1 + x2) // 2]
    assert tuple(middle) == GREY


def test_a_mask_tints_its_pixels_and_no_others() -> None:
    mask = np.zeros((1, 500, 500), bool)
    mask[0, 100:200, 150:350] = True
    picture = draw_boxes(
        _image(500, 500), [[150, 100, 350, 200]], [RED], masks=mask
    )
    inside = picture[120:180, 170:330].astype(int)
    assert (inside[..., 0] > 140).all() and (inside[..., 1] < 70).all()
    outside = np.ones((500, 500), bool)
    outside[98:202, 148:352] = False
    assert (picture[outside] == GREY).all()


def test_masks_follow_an_enlarged_image() -> None:
    mask = np.zeros((1, 64, 64), bool)
    mask[0, 16:32, 32:48] = True
    picture = draw_boxes(_image(64, 64), [[32, 16, 48, 32]], [RED], masks=mask)
    tinted = (picture[..., 0].astype(int) - picture[..., 1]) > 40
    assert tinted.mean() == pytest.approx(mask.mean(), rel=0.05)


def test_the_image_of_the_caller_stays_as_it_was() -> None:
    image = _image(500, 500)
    draw_instances(image, [[0, 0, 400, 400]], [0], [0.5], ['a'])
    assert (image == GREY).all()


def test_instances_take_the_colours_of_their_classes() -> None:
    palette = [(250, 0, 0), (0, 250, 0)]
    picture = draw_instances(
        _image(500, 500),
        [[10, 50, 200, 200], [250, 250, 450, 450]],
        [1, 0],
        [0.9, 0.8],
        ['one', 'two'],
        palette=palette,
    )
    assert tuple(picture[150, 10]) == palette[1]
    assert tuple(picture[350, 250]) == palette[0]


def test_labels_stand_on_a_ground_of_their_colour() -> None:
    bare = draw_boxes(_image(500, 500), [[100, 100, 400, 400]], [RED])
    with_text = draw_boxes(
        _image(500, 500), [[100, 100, 400, 400]], [RED], ['a label']
    )
    changed = (bare != with_text).any(axis=2)
    rows, columns = np.nonzero(changed)
    assert rows.max() < 102 and columns.min() == 100
    label = with_text[rows.min() : 99, 100 : columns.max()]
    assert ((label == RED).all(axis=2)).mean() > 0.4


def test_outlines_are_dashed_where_asked_for() -> None:
    kinds = {}
    for dashed in (False, True):
        picture = draw_boxes(
            _image(500, 500), [[100, 100, 400, 400]], [RED], dashed=dashed
        )
        kinds[dashed] = len(np.unique(picture[200:300, 100], axis=0))
    assert kinds == {False: 1, True: 2}


def test_small_objects_are_drawn_on_large_ones() -> None:
    boxes = [[100, 100, 200, 200], [100, 100, 450, 450]]
    picture = draw_boxes(_image(500, 500), boxes, [RED, (0, 0, 255)])
    assert tuple(picture[100, 150]) == RED


@pytest.mark.parametrize('empty', [[], np.zeros((0, 4)), np.zeros((0,))])
def test_nothing_to_draw_gives_the_plain_picture(empty: object) -> None:
    masks = np.zeros((0, 450, 450), bool)
    picture = draw_instances(_image(450, 450), empty, [], [], ['a'], masks)
    assert (picture == GREY).all()


def test_boxes_beyond_the_picture_are_cut_at_its_edges() -> None:
    picture = draw_instances(
        _image(450, 450), [[-50, -50, 900, 900]], [0], [0.9], ['a']
    )
    assert picture.shape == (450, 450, 3)
    assert tuple(picture[225, 0]) != GREY


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        ({'labels': [0, 1]}, 'labels: expected 1'),
        ({'scores': []}, 'scores: expected 1'),
        ({'labels': [3]}, 'class index 3'),
        ({'boxes': [[1, 2, 3]]}, r'expected shape \(N, 4\)'),
        ({'masks': np.zeros((1, 9, 9), bool)}, 'size of the image'),
    ],
)
def test_arguments_that_disagree_are_named(
    change: dict[str, object], message: str
) -> None:
    arguments = {
        'boxes': [[1, 2, 30, 40]],
        'labels': [0],
        'scores': [0.9],
        'class_names': ['a'],
        **change,
    }
    with pytest.raises(ValueError, match=message):
        draw_instances(_image(64, 64), **arguments)


def test_saved_pictures_read_back_the_same(tmp_path) -> None:
    picture = draw_boxes(_image(64, 64), [[1, 2, 30, 40]], [RED])
    path = save_image(tmp_path / 'new' / 'a.png', picture)
    assert np.array_equal(np.asarray(Image.open(path)), picture)
