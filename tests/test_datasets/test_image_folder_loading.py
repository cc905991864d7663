"""LoadUprightImage against Pillow, on files of every kind."""

import cv2
import numpy as np
import pytest
from mmengine.registry import TRANSFORMS
from PIL import Image, ImageOps

from mmvision_ext.datasets import Caltech101
from mmvision_ext.datasets.errors import DatasetError
from mmvision_ext.testing.image_folders import make_class_folders

ORIENTATION = 0x112  # EXIF tag


@pytest.fixture
def picture():
    """A smooth colour image, 60 x 40 px, so that JPEG changes little."""
    noise = np.random.default_rng(0).normal(128, 900, (40, 60, 3))
    smooth = cv2.GaussianBlur(noise, (0, 0), 6)
    return Image.fromarray(np.clip(smooth, 0, 255).astype(np.uint8))


def load(path):
    transform = TRANSFORMS.build(dict(type='mmvision_ext.LoadUprightImage'))
    return transform(dict(img_path=str(path)))


def difference(found, expected):
    """Mean and largest absolute difference of two uint8 arrays."""
    delta = np.abs(found.astype(int) - expected)
    return delta.mean(), delta.max()


@pytest.mark.parametrize('mode', ['RGB', 'L', 'CMYK'])
@pytest.mark.parametrize('orientation', range(1, 9))
def test_jpegs_come_out_upright_in_bgr(picture, tmp_path, mode, orientation):
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    path = tmp_path / 'a.jpg'
    picture.convert(mode).save(path, quality=95, exif=exif)
    results = load(path)
    with Image.open(path) as image:
        expected = ImageOps.exif_transpose(image).convert('RGB')
    found = results['img']
    assert found.dtype == np.uint8
    assert found.shape == (expected.height, expected.width, 3)
    assert results['img_shape'] == results['ori_shape'] == found.shape[:2]
    mean, largest = difference(found, np.asarray(expected)[..., ::-1])
    assert mean < 1 and largest <= 4
    # The picture that was saved, not only what Pillow reads: right colours.
    tags = Image.Exif()
    tags[ORIENTATION] = orientation
    source = picture.convert(mode).convert('RGB')
    source.info['exif'] = tags.tobytes()
    source.getexif()[ORIENTATION] = orientation
    upright = np.asarray(ImageOps.exif_transpose(source))[..., ::-1]
    mean, _ = difference(found, upright)
    assert mean < 4


@pytest.mark.parametrize('mode', ['P', 'LA', 'RGBA'])
def test_pngs_of_other_kinds_have_three_channels(picture, tmp_path, mode):
    path = tmp_path / 'a.png'
    picture.convert(mode).save(path)
    found = load(path)['img']
    with Image.open(path) as image:
        expected = np.asarray(image.convert('RGB'))[..., ::-1]
    assert found.dtype == np.uint8 and found.shape == (40, 60, 3)
    assert difference(found, expected)[1] <= 4


@pytest.mark.parametrize(
    ('mode', 'suffix'), [('I;16', '.png'), ('I;16', '.tif'), ('I', '.tif')]
)
def test_16_bit_images_look_like_their_8_bit_twin(tmp_path, mode, suffix):
    ramp = np.arange(2**16).reshape(256, 256)
    wide = Image.fromarray(ramp.astype(np.uint16 if mode == 'I;16' else 'i4'))
    assert wide.mode == mode
    wide.save(tmp_path / f'wide{suffix}')
    twin = np.rint(ramp * (255 / 65535)).astype(np.uint8)
    Image.fromarray(twin).save(tmp_path / 'twin.png')
    found = load(tmp_path / f'wide{suffix}')['img']
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, load(tmp_path / 'twin.png')['img'])
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    wide.save(tmp_path / f'turned{suffix}', exif=exif)
    np.testing.assert_array_equal(
        load(tmp_path / f'turned{suffix}')['img'], np.rot90(found, -1)
    )


def test_images_of_unsafe_size_are_named(picture, tmp_path, monkeypatch):
    path = tmp_path / 'huge.png'
    picture.save(path)
    monkeypatch.setattr(Image, 'MAX_IMAGE_PIXELS', 60 * 40 // 2 - 1)
    with pytest.raises(DatasetError, match=f'cannot be read: {path} .*bomb'):
        load(path)


def test_unreadable_files_are_named(picture, tmp_path):
    text, cut_off = tmp_path / 'text.jpg', tmp_path / 'cut_off.jpg'
    text.write_text('no image')
    picture.save(cut_off)
    cut_off.write_bytes(cut_off.read_bytes()[:-300])
    empty = tmp_path / 'empty.jpg'
    empty.touch()
    for path in (text, cut_off, empty, tmp_path / 'gone.jpg'):
        with pytest.raises(DatasetError, match=f'cannot be read: {path}'):
            load(path)


def test_a_dataset_names_the_file_when_it_is_read(tmp_path):
    root = make_class_folders(tmp_path / 'folders', ('ant',), 6, size=16)
    for path in (root / 'ant').iterdir():
        path.write_bytes(b'broken')
    dataset = Caltech101(
        str(tmp_path),
        data_prefix='folders',
        train_per_class=5,
        metainfo=dict(classes=('ant',)),
        pipeline=[dict(type='mmvision_ext.LoadUprightImage')],
    )
    with pytest.raises(DatasetError, match='ant/image_000'):
        dataset[0]
