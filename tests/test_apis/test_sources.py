"""Images from paths, folders, patterns, arrays."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from mmvision_ext.apis.sources import list_sources
from mmvision_ext.utils import InputError

RED_RGB = np.full((4, 6, 3), (200, 0, 0), np.uint8)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ('b.png', 'a.png', 'C.PNG'):
        Image.fromarray(RED_RGB).save(tmp_path / name)
    (tmp_path / 'notes.txt').write_text('no image')
    (tmp_path / 'sub').mkdir()
    return tmp_path


def test_a_folder_gives_its_images_by_name(folder: Path) -> None:
    names = [Path(source.name).name for source in list_sources(folder)]
    assert names == ['C.PNG', 'a.png', 'b.png']


def test_a_pattern_gives_what_it_matches(folder: Path) -> None:
    sources = list_sources(f'{folder}/[ab]*')
    assert [Path(source.name).name for source in sources] == ['a.png', 'b.png']
    assert all(source.may_skip for source in sources)


@pytest.mark.parametrize('order', ['RGB', 'bgra', None])
def test_another_order_of_channels_is_refused(folder: Path, order) -> None:
    for inputs in (RED_RGB, str(folder / 'a.png')):
        with pytest.raises(InputError, match="'bgr' or 'rgb', found"):
            list_sources(inputs, order)


def test_a_named_file_must_be_readable(folder: Path) -> None:
    (source,) = list_sources(str(folder / 'a.png'))
    assert not source.may_skip
    assert source.read()[0, 0].tolist() == [0, 0, 200]  # BGR


def test_a_file_whose_name_looks_like_a_pattern(folder: Path) -> None:
    path = folder / 'shot[1].png'
    Image.fromarray(RED_RGB).save(path)
    assert [source.path for source in list_sources(str(path))] == [path]


@pytest.mark.parametrize(
    ('order', 'expected'), [('bgr', [200, 0, 0]), ('rgb', [0, 0, 200])]
)
def test_arrays_are_read_in_the_order_named(
    order: str, expected: list[int]
) -> None:
    (source,) = list_sources(RED_RGB, order)
    assert source.read()[0, 0].tolist() == expected


@pytest.mark.parametrize('mode', ['RGB', 'RGBA', 'L', 'P'])
def test_pil_images_of_every_mode_become_bgr(mode: str) -> None:
    (source,) = list_sources(Image.fromarray(RED_RGB).convert(mode))
    pixels = source.read()
    assert pixels.shape == (4, 6, 3) and pixels.dtype == np.uint8
    if mode in ('RGB', 'RGBA'):
        assert pixels[0, 0].tolist() == [0, 0, 200]


def test_pil_images_of_16_bits_are_read_as_their_files(tmp_path: Path) -> None:
    grey = np.arange(0, 65536, 16, np.uint16).reshape(64, 64)
    cv2.imwrite(str(tmp_path / 'a.png'), grey)
    (file,) = list_sources(tmp_path / 'a.png')
    (image,) = list_sources(Image.open(tmp_path / 'a.png'))
    assert np.array_equal(file.read(), image.read())
    assert len(np.unique(image.read())) == 256


@pytest.mark.parametrize('kind', [np.int32, np.float32])
def test_pil_images_of_other_ranges_are_refused(kind: type) -> None:
    pixels = np.full((4, 6), 200, kind)
    (source,) = list_sources(Image.fromarray(pixels))
    assert (source.read() == 200).all()
    for wrong in (pixels * 100, -pixels):
        with pytest.raises(InputError, match='values from 0 to 255, found'):
            list_sources(Image.fromarray(wrong))


def test_files_and_pil_images_are_turned_upright(tmp_path: Path) -> None:
    """Orientation 6: the camera was turned, rows of the file are columns."""
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(RED_RGB).save(tmp_path / 'a.jpg', exif=exif)
    (file,) = list_sources(tmp_path / 'a.jpg')
    (image,) = list_sources(Image.open(tmp_path / 'a.jpg'))
    assert file.read().shape == image.read().shape == (6, 4, 3)
    assert np.array_equal(file.read(), cv2.imread(str(tmp_path / 'a.jpg')))


def test_a_list_may_mix_kinds(folder: Path) -> None:
    sources = list_sources([folder / 'a.png', RED_RGB, folder, RED_RGB])
    assert len(sources) == 6
    assert len({source.name for source in sources}) == 5  # a.png twice
    assert [source.may_skip for source in sources[:3]] == [False, False, True]


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match='found none at .*nothing.jpg'):
        list_sources(tmp_path / 'nothing.jpg')
    with pytest.raises(InputError, match='folder .*expected images'):
        list_sources(tmp_path)
    with pytest.raises(InputError, match='pattern .*expected images'):
        list_sources(f'{tmp_path}/*.jpg')


def test_an_empty_path_is_no_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    with pytest.raises(InputError, match='image: expected a path'):
        list_sources('')
    assert len(list_sources('.')) == 3


@pytest.mark.parametrize('content', [b'', b'not an image at all'])
def test_an_unreadable_image_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / 'broken.jpg'
    path.write_bytes(content)
    (source,) = list_sources(path)
    with pytest.raises(InputError, match=r'broken.jpg cannot be read'):
        source.read()


@pytest.mark.parametrize(
    'images',
    [
        [],
        3,
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 3)),
        np.zeros((0, 4, 3), np.uint8),
    ],
)
def test_what_is_no_image_is_refused(images: object) -> None:
    with pytest.raises(InputError, match='expected'):
        list_sources(images)
