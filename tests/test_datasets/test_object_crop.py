"""Crops of objects against numpy and Pillow; one decode an image."""

import cv2
import numpy as np
import pytest
from mmengine.registry import TRANSFORMS
from PIL import Image

from mmvision_ext.datasets.errors import AnnotationError, DatasetError
from mmvision_ext.datasets.object_crop import (
    context_box,
    crop_resized,
    fit_box,
)
from mmvision_ext.datasets.transforms import LoadObjectCrop, PackAttributes

FILL = (1, 2, 3)


@pytest.fixture
def picture():
    """A smooth colour image, uint8 (40, 60, 3)."""
    noise = np.random.default_rng(0).normal(128, 900, (40, 60, 3))
    smooth = cv2.GaussianBlur(noise, (0, 0), 6)
    return np.clip(smooth, 0, 255).astype(np.uint8)


@pytest.fixture
def path(picture, tmp_path):
    Image.fromarray(picture[..., ::-1]).save(tmp_path / 'a.png')
    return str(tmp_path / 'a.png')


@pytest.mark.parametrize('square', [False, True])
def test_the_context_has_the_stated_width_in_the_crop(square):
    box = (10.0, 20.0, 40.0, 26.0)
    x1, y1, x2, y2 = context_box(box, size=224, padding=16, square=square)
    scale = 224 / (x2 - x1)
    # The object begins and ends 16 px from the edges of the crop.
    assert (box[0] - x1) * scale == pytest.approx(16)
    assert (x2 - box[2]) * scale == pytest.approx(16)
    assert (y1 + y2) / 2 == pytest.approx(23)
    if square:
        assert y2 - y1 == pytest.approx(x2 - x1)
    else:
        assert (box[1] - y1) * 224 / (y2 - y1) == pytest.approx(16)
    assert context_box(box, 224, 0, False) == pytest.approx(box)


def padded(image, box, fill):
    """The crop of whole pixels by brute force, pixel by pixel."""
    x1, y1, x2, y2 = box
    height, width = image.shape[:2]
    rows = [
        [
            image[y, x] if 0 <= x < width and 0 <= y < height else fill
            for x in range(x1, x2)
        ]
        for y in range(y1, y2)
    ]
    return np.array(rows, np.uint8)


@pytest.mark.parametrize(
    'box',
    [
        (10, 5, 34, 29),  # inside
        (-7, -9, 17, 15),
        (50, 30, 74, 54),
        (-10, -20, 70, 60),  # around the image
    ],
)
def test_what_is_outside_is_filled(picture, box):
    size = box[2] - box[0]
    found = crop_resized(picture, box, size, FILL)
    np.testing.assert_array_equal(found, padded(picture, box, FILL))
    clipped = crop_resized(picture, box, size)
    inside = picture[max(box[1], 0) : box[3], max(box[0], 0) : box[2]]
    assert clipped.shape == (size, size, 3)
    np.testing.assert_array_equal(
        clipped,
        inside
        if inside.shape[:2] == (size, size)
        else cv2.resize(
            inside,
            (size, size),
            interpolation=cv2.INTER_AREA
            if min(inside.shape[:2]) >= size
            else cv2.INTER_LINEAR,
        ),
    )


@pytest.mark.parametrize('size', [16, 96])
def test_resizing_agrees_with_pillow(picture, size):
    box = (4.4, 3.2, 43.7, 36.1)
    found = crop_resized(picture, box, size).astype(int)
    method = Image.Resampling.BOX if size == 16 else Image.Resampling.BILINEAR
    # Edges go outwards to whole pixels.
    part = Image.fromarray(picture).crop((4, 3, 44, 37))
    expected = np.asarray(part.resize((size, size), method), int)
    assert np.abs(found - expected).mean() < 1.5
    assert np.abs(found - expected).max() < 16


def test_a_box_below_a_pixel_still_gives_a_crop(picture):
    found = crop_resized(picture, (12.3, 7.6, 12.4, 7.7), 8)
    np.testing.assert_array_equal(found, np.tile(picture[7, 12], (8, 8, 1)))


def test_boxes_must_lie_in_their_image():
    assert fit_box((0, 0, 60, 40), 60, 40, 'p') == (0, 0, 60, 40)
    assert fit_box((-0.6, 3, 60.9, 40), 60, 40, 'p') == (0, 3, 60, 40)
    for box, message in (
        ((-1.1, 0, 5, 5), r'place: expected a box in its image of 60 x 40'),
        ((3, 4, 62, 20), r'found 3, 4, 62, 20; mend'),
        ((60.2, 4, 60.9, 20), r'one beside it'),
        ((5, 5, 5, 9), 'x1 < x2'),
        ((5, 9, 8, 5), 'y1 < y2'),
        ((5, 5, np.nan, 9), 'x1 < x2'),
        ((5, 5, np.inf, 9), 'found 5, 5, inf, 9'),
    ):
        with pytest.raises(AnnotationError, match=message):
            fit_box(box, 60, 40, 'place')


def load(**kwargs):
    return TRANSFORMS.build(
        dict(type='mmvision_ext.LoadObjectCrop', size=32, padding=4, **kwargs)
    )


def test_loads_a_crop(path, picture):
    results = load()(dict(img_path=path, bbox=(20.0, 10.0, 44.0, 34.0)))
    np.testing.assert_array_equal(results['img'], picture[6:38, 16:48])
    assert results['img_shape'] == (32, 32)
    assert results['ori_shape'] == (40, 60)
    assert results['crop_box'] == (16, 6, 48, 38)
    tall = dict(img_path=path, bbox=(30.0, 0.0, 36.0, 24.0))
    found = load(square=True, fill=FILL)(tall)
    assert found['crop_box'] == (17, -4, 49, 28)
    assert (found['img'][:4] == FILL).all()
    np.testing.assert_array_equal(found['img'][4:], picture[:28, 17:49])
    assert 'fill=None' in repr(load())


def test_an_image_is_decoded_once(tmp_path, picture, monkeypatch):
    paths = []
    for index in range(3):
        paths.append(str(tmp_path / f'{index}.png'))
        Image.fromarray(np.roll(picture, index, 1)).save(paths[-1])
    decoded = []

    def run(kept_images, order):
        transform = load(kept_images=kept_images)
        original = transform._load.transform
        monkeypatch.setattr(
            transform._load,
            'transform',
            lambda info: decoded.append(info['img_path']) or original(info),
        )
        decoded.clear()
        crops = [
            transform(dict(img_path=paths[i], bbox=(9.0, 8.0, 21.0, 30.0)))
            for i in order
        ]
        return [crop['img'] for crop in crops], [p[-5] for p in decoded]

    grouped, mixed = [0, 0, 0, 1, 1, 2, 2], [0, 1, 0, 2, 0, 1]
    assert run(1, grouped)[1] == ['0', '1', '2']
    assert run(0, grouped)[1] == ['0', '0', '0', '1', '1', '2', '2']
    # The image that was longest unused makes room.
    assert run(2, mixed)[1] == ['0', '1', '2', '1']
    assert run(3, mixed)[1] == ['0', '1', '2']
    for kept, single in zip(run(2, mixed)[0], run(0, mixed)[0], strict=True):
        np.testing.assert_array_equal(kept, single)


def test_later_transforms_do_not_reach_the_kept_image(path):
    transform = load()
    box = (0.0, 0.0, 60.0, 40.0)
    first = transform(dict(img_path=path, bbox=box))['img']
    expected = first.copy()
    first[:] = 0
    again = transform(dict(img_path=path, bbox=box))['img']
    np.testing.assert_array_equal(again, expected)


def test_wrong_images_boxes_and_options_are_named(path, tmp_path):
    box = (5.0, 5.0, 20.0, 20.0)
    with pytest.raises(DatasetError, match='an image of 61 x 40 .* 60 x 40'):
        load()(dict(img_path=path, bbox=box, height=40, width=61))
    with pytest.raises(AnnotationError, match='a.png, object 7: expected a b'):
        load()(dict(img_path=path, bbox=(50, 5, 64, 20), ann_id=7))
    with pytest.raises(DatasetError, match='expected img_path and bbox, fou'):
        load()(dict(img_path=path))
    (tmp_path / 'b.png').write_text('no image')
    with pytest.raises(DatasetError, match='cannot be read: .*b.png'):
        load()(dict(img_path=str(tmp_path / 'b.png'), bbox=box))
    for options, message in (
        (dict(size=32, padding=16), 'padding: expected from 0 to below half'),
        (dict(padding=-1), 'padding'),
        (dict(fill=(1, 2)), r'fill: expected three values'),
        (dict(kept_images=-1), 'kept_images: expected at least 0'),
    ):
        with pytest.raises(DatasetError, match=message):
            LoadObjectCrop(**options)


def test_packs_the_mask_beside_the_score():
    results = dict(
        img=np.zeros((8, 8, 3), np.uint8),
        gt_score=np.array([1, 0, 0], np.float32),
        gt_mask=np.array([True, True, False]),
        ann_id=12,
        category='cat',
    )
    sample = PackAttributes()(results)['data_samples']
    assert sample.gt_score.tolist() == [1, 0, 0]
    assert sample.gt_mask.tolist() == [True, True, False]
    assert sample.metainfo['ann_id'] == 12
    assert sample.to('cpu').gt_mask.dtype.is_floating_point is False
    del results['gt_mask']
    assert 'gt_mask' not in PackAttributes()(results)['data_samples']
