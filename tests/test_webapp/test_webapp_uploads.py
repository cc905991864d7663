"""Pictures from outside are looked at before they are decoded."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmvision_ext.apis.sources import ImageSource
from mmvision_ext.utils import InputError
from mmvision_ext.webapp.uploads import (
    example_images,
    need_picture,
    read_upload,
    thumbnail,
)


def huge_png(path: Path, width: int, height: int) -> Path:
    """A PNG whose header says so, with next to no content."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack('>I', zlib.crc32(kind + data))
        return struct.pack('>I', len(data)) + kind + data + check

    header = struct.pack('>IIBBBBB', width, height, 8, 2, 0, 0, 0)
    path.write_bytes(
        b'\x89PNG\r\n\x1a\n'
        + chunk(b'IHDR', header)
        + chunk(b'IDAT', zlib.compress(b'\0' * 100))
        + chunk(b'IEND', b'')
    )
    return path


@pytest.fixture
def pixels() -> np.ndarray:
    """RGB, (40, 60, 3), uint8."""
    return np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)


@pytest.mark.parametrize('suffix', ['png', 'webp', 'bmp', 'tiff', 'ppm'])
def test_pictures_are_read(
    pixels: np.ndarray, tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f'photo.{suffix}'
    options = dict(lossless=True) if suffix == 'webp' else {}
    Image.fromarray(pixels).save(path, **options)
    source = read_upload(path)
    assert source.name == f'photo.{suffix}' and source.path is None
    np.testing.assert_array_equal(source.read()[..., ::-1], pixels)


def test_pictures_are_upright(pixels: np.ndarray, tmp_path: Path) -> None:
    image = Image.fromarray(pixels)
    exif = image.getexif()
    exif[0x0112] = 6  # turn by 90 degrees
    image.save(tmp_path / 'a.jpg', exif=exif)
    assert read_upload(tmp_path / 'a.jpg').read().shape == (60, 40, 3)


def test_too_many_pixels(pixels: np.ndarray, tmp_path: Path) -> None:
    Image.fromarray(pixels).save(tmp_path / 'a.png')
    assert read_upload(tmp_path / 'a.png', 2400).read().shape == (40, 60, 3)
    with pytest.raises(InputError, match='60 x 40 = 0 million'):
        read_upload(tmp_path / 'a.png', 2399)


@pytest.mark.parametrize(
    ('side', 'message'),
    [(10_000, r'10000 x 10000 = 100 million'), (60_000, 'found far more')],
)
def test_a_decompression_bomb_is_not_decoded(
    tmp_path: Path, side: int, message: str
) -> None:
    path = huge_png(tmp_path / 'bomb.png', side, side)
    with pytest.raises(InputError, match=message) as caught:
        read_upload(path)
    assert str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize(
    'content',
    [
        b'',
        b'%PDF-1.7',
        b'<svg xmlns="http://www.w3.org/2000/svg"></svg>',
        b'\xff\xd8\xff\xe0nothing',
    ],
)
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / 'photo.jpg'
    path.write_bytes(content)
    with pytest.raises(InputError, match=r'^photo.jpg: expected a picture'):
        read_upload(path)


def test_formats_that_are_not_taken(
    pixels: np.ndarray, tmp_path: Path
) -> None:
    Image.fromarray(pixels).save(tmp_path / 'photo.gif')
    with pytest.raises(InputError, match='expected a picture'):
        read_upload(tmp_path / 'photo.gif')


@pytest.mark.parametrize('suffix', ['jpg', 'png'])
def test_a_file_that_ends_early_is_refused(
    pixels: np.ndarray, tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f'cut.{suffix}'
    Image.fromarray(pixels).save(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    with pytest.raises(InputError, match='the picture is damaged'):
        read_upload(path)


def test_thumbnails_are_small_and_not_enlarged(pixels: np.ndarray) -> None:
    bgr = np.ascontiguousarray(pixels[..., ::-1])
    source = ImageSource('a', array=bgr)
    assert thumbnail(source, 30).shape == (20, 30, 3)
    np.testing.assert_array_equal(thumbnail(source, 300), pixels)


def test_examples(examples_folder: Path, tmp_path: Path) -> None:
    names = [path.name for path in example_images(examples_folder)]
    assert names == ['first.jpg', 'second.jpg', 'third.jpg']
    assert example_images(None) == []
    with pytest.raises(InputError, match='expected images'):
        example_images(tmp_path)


def test_a_picture_is_needed() -> None:
    with pytest.raises(InputError, match='Choose a picture first'):
        need_picture(None)
