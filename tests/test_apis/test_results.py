"""What is done with detections."""

import contextlib
import io
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from pycocotools.coco import COCO

from mmvision_ext.apis.results import DetectionResults, to_result
from mmvision_ext.apis.sources import ImageSource
from mmvision_ext.utils import InputError

META = {
    'classes': ('a', 'b', 'c'),
    'palette': [(9, 0, 0), (0, 9, 0), (0, 0, 9)],
}
FOUND = [
    ([10.0, 20.0, 30.0, 60.0], 2, 0.5),
    ([0.0, 0.0, 50.0, 50.0], 0, 0.9),
    ([5.0, 5.0, 9.0, 9.0], 1, 0.1),
]


@pytest.fixture
def source(photos: list[Path]) -> ImageSource:
    return ImageSource(str(photos[0]), photos[0])


def test_a_result_is_sorted_and_cut_at_the_threshold(
    make_sample, source
) -> None:
    result = to_result(make_sample(0, [], FOUND), source, META, 0.3)
    assert result.scores.tolist() == pytest.approx([0.9, 0.5])
    assert result.labels.tolist() == [0, 2] and result.names == ['a', 'c']
    assert result.boxes.tolist() == [FOUND[1][0], FOUND[0][0]]
    assert result.boxes.dtype == np.float32 and len(result) == 2
    assert result.masks is None and result.mask_array() is None


def test_a_result_in_a_line(make_sample, source) -> None:
    name = source.name
    result = to_result(make_sample(0, [], FOUND), source, META, 0.3)
    assert result.summary == f'{name}: a 0.90, c 0.50'
    result = to_result(make_sample(0, [], []), source, META)
    assert result.summary == f'{name}: nothing found'


def test_masks_survive_encoding(make_sample, source) -> None:
    sample = make_sample(0, [], FOUND, with_masks=True)
    result = to_result(sample, source, META)
    expected = np.zeros((3, 96, 96), bool)
    expected[0, :50, :50] = expected[1, 20:60, 10:30] = True
    expected[2, 5:9, 5:9] = True
    assert np.array_equal(result.mask_array(), expected)


@pytest.mark.parametrize('with_masks', [False, True])
def test_pycocotools_reads_the_export(
    make_sample, source, with_masks: bool
) -> None:
    results = DetectionResults()
    for number in range(2):
        sample = make_sample(number, [], FOUND[number:], with_masks)
        results.append(to_result(sample, source, META))
    content = json.loads(json.dumps(results.to_coco()))
    coco = COCO()
    coco.dataset = {**content, 'annotations': []}
    with contextlib.redirect_stdout(io.StringIO()):
        coco.createIndex()
        loaded = coco.loadRes(content['annotations'])
    assert [len(loaded.imgToAnns[image]) for image in (1, 2)] == [3, 2]
    best = loaded.imgToAnns[1][1]
    assert best['bbox'] == [10, 20, 20, 40]
    assert loaded.cats[best['category_id']]['name'] == 'c'
    if with_masks:
        assert loaded.annToMask(best).sum() == 20 * 40


def test_category_ids_of_another_dataset(make_sample, source) -> None:
    result = to_result(make_sample(0, [], FOUND), source, META)
    entries = result.to_coco('image-7', category_ids=[18, 44, 67])
    assert [entry['category_id'] for entry in entries] == [18, 67, 44]
    assert {entry['image_id'] for entry in entries} == {'image-7'}


@pytest.mark.parametrize('with_masks', [False, True])
def test_nothing_found_is_a_result_too(
    make_sample, source, with_masks: bool
) -> None:
    result = to_result(make_sample(0, [], [], with_masks), source, META)
    assert result.boxes.shape == (0, 4) and result.to_coco() == []
    if with_masks:
        assert result.mask_array().shape == (0, 96, 96)
    plain = result.draw()
    assert plain.shape == (448, 448, 3)


def test_drawing_uses_the_palette_and_the_size(make_sample, source) -> None:
    result = to_result(make_sample(0, [], FOUND[:1]), source, META)
    picture = result.draw(long_side=960)
    assert picture.shape == (960, 960, 3)
    assert tuple(picture[400, 100]) == META['palette'][2]


def _folder_content(folder: Path) -> dict[str, bytes]:
    return {
        path.name: path.read_bytes()
        for path in folder.iterdir()
        if path.is_file()
    }


@pytest.mark.parametrize('name', ['photos', 'link', 'photos/../photos'])
def test_images_are_never_overwritten(
    name: str, make_sample, photos: list[Path], tmp_path: Path
) -> None:
    """Neither the image itself nor another of the name of its picture."""
    folder = tmp_path / 'photos'
    folder.mkdir()
    (tmp_path / 'link').symlink_to(folder)
    for ending in ('jpg', 'png'):
        Image.open(photos[0]).save(folder / f'a.{ending}')
    before = _folder_content(folder)
    results = DetectionResults()
    image = ImageSource(str(folder / 'a.jpg'), folder / 'a.jpg')
    results.append(to_result(make_sample(0, [], []), image, META))
    with pytest.raises(InputError, match='a.jpg in it.*Name a folder'):
        results.save(tmp_path / name)
    assert _folder_content(folder) == before
    for _ in range(2):  # a second time over the first
        assert len(results.save(folder / 'detections')) == 2
    (folder / 'detections' / 'b.jpg').symlink_to(folder / 'a.jpg')
    link = folder / 'detections' / 'b.jpg'
    results[0].source = ImageSource(str(link), link)
    with pytest.raises(InputError):
        results.save(folder)
    assert _folder_content(folder) == before


def test_saved_pictures_never_overwrite_each_other(
    make_sample, source, tmp_path: Path
) -> None:
    results = DetectionResults()
    for number in range(3):
        results.append(to_result(make_sample(number, [], []), source, META))
    files = results.save(tmp_path / 'new')
    assert [path.name for path in files[:3]] == [
        'shapes_00000.png',
        'shapes_00000_2.png',
        'shapes_00000_3.png',
    ]
    assert Image.open(files[0]).size == (448, 448)
    content = json.loads(files[3].read_text())
    assert [image['id'] for image in content['images']] == [1, 2, 3]
    assert content['annotations'] == []


def test_a_table_has_a_row_for_each_detection(
    make_sample, source, monkeypatch
) -> None:
    results = DetectionResults()
    results.append(to_result(make_sample(0, [], FOUND), source, META, 0.3))
    results.append(to_result(make_sample(0, [], []), source, META))
    stub = SimpleNamespace(DataFrame=lambda rows, columns: (rows, columns))
    monkeypatch.setitem(sys.modules, 'pandas', stub)
    rows, columns = results.to_pandas()
    assert columns == ('image', 'class', 'score', 'x1', 'y1', 'x2', 'y2')
    assert [tuple(row) for row in rows] == [columns] * 2
    assert rows[1] | dict(score=0) == {
        'image': source.name,
        'class': 'c',
        'score': 0,
        'x1': 10.0,
        'y1': 20.0,
        'x2': 30.0,
        'y2': 60.0,
    }
    assert rows[1]['score'] == pytest.approx(0.5)
    monkeypatch.setitem(sys.modules, 'pandas', None)
    with pytest.raises(InputError, match='pip install pandas'):
        results.to_pandas()
