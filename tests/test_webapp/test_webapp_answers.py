"""Results as the page shows them."""

import json
from pathlib import Path

import numpy as np
import pytest

from mmvision_ext.apis.attribute_results import AttributeResult
from mmvision_ext.apis.classification_results import ClassificationResult
from mmvision_ext.apis.results import DetectionResult
from mmvision_ext.apis.retrieval import load_index, search_attributes
from mmvision_ext.apis.sources import ImageSource
from mmvision_ext.utils import InputError
from mmvision_ext.webapp.answers import (
    at_least,
    attribute_json,
    attribute_rows,
    chosen_attributes,
    class_json,
    class_rows,
    detection_json,
    detection_rows,
    drawn,
    search_json,
    search_rows,
    write_download,
)
from mmvision_ext.webapp.search import hit_pictures, read_indexes

ORIGIN = dict(model='m', config='c.py', checkpoint='epoch_1.pth')
SOURCE = ImageSource('a.jpg', array=np.zeros((40, 60, 3), np.uint8))


@pytest.fixture
def found() -> DetectionResult:
    """Three detections, the last at 0.2."""
    masks = [dict(size=[40, 60], counts=f'mask {i}') for i in range(3)]
    return DetectionResult(
        SOURCE,
        40,
        60,
        np.array(
            [[1.4, 2.4, 11.4, 22.4], [0, 0, 5, 5], [3, 3, 9, 8]], np.float32
        ),
        np.array([0.9, 0.5, 0.2], np.float32),
        np.array([1, 0, 1]),
        ('cat', 'dog'),
        masks,
    )


@pytest.mark.parametrize(
    ('threshold', 'count'), [(0.0, 3), (0.2, 3), (0.21, 2), (0.5, 2), (1, 0)]
)
def test_a_threshold_keeps_what_reaches_it(
    found: DetectionResult, threshold: float, count: int
) -> None:
    kept = at_least(found, threshold)
    assert len(kept) == len(kept.boxes) == len(kept.labels) == count
    assert kept.masks == found.masks[:count]
    assert len(found) == 3  # the kept result stays whole


def test_detections_as_a_table(found: DetectionResult) -> None:
    rows = detection_rows(found)
    assert rows[0] == ['dog', 0.9, '1, 2, 10, 20']
    assert [row[0] for row in rows] == ['dog', 'cat', 'dog']
    assert detection_rows(at_least(found, 1)) == []


def test_detections_as_json(found: DetectionResult) -> None:
    content = detection_json(at_least(found, 0.4), ORIGIN, 0.4)
    assert content['info'] == dict(**ORIGIN, score_threshold=0.4)
    assert content['images'][0]['file_name'] == 'a.jpg'
    assert [c['name'] for c in content['categories']] == ['cat', 'dog']
    first, _ = content['annotations']
    assert first['category_id'] == 2
    np.testing.assert_allclose(first['bbox'], [1.4, 2.4, 10, 20], rtol=1e-5)


def test_pictures_are_no_larger_than_a_screen(found: DetectionResult) -> None:
    found.masks = None
    assert drawn(found).shape == (448, 672, 3)  # small ones are enlarged
    wide = np.zeros((500, 4000, 3), np.uint8)
    found.source = ImageSource('wide', array=wide)
    found.height, found.width = 500, 4000
    assert drawn(found).shape == (160, 1280, 3)


def test_classes() -> None:
    scores = np.array([0.2, 0.7, 0.1], np.float32)
    result = ClassificationResult(SOURCE, ('a', 'b', 'c'), scores)
    assert class_rows(result, 2) == [[1, 'b', 0.7], [2, 'a', 0.2]]
    content = class_json(result, ORIGIN)
    assert list(content['scores'].items()) == [
        ('b', 0.7),
        ('a', 0.2),
        ('c', 0.1),
    ]
    assert content['image'] == 'a.jpg' and content['info'] == ORIGIN


@pytest.fixture
def described() -> AttributeResult:
    return AttributeResult(
        SOURCE,
        40,
        60,
        ('metal', 'round', 'wood'),
        ('material', 'shape', 'material'),
        np.array([0.9, 0.6, 0.3], np.float32),
        np.full(3, 0.5),
    )


def test_attributes(described: AttributeResult) -> None:
    def names(threshold: float, *groups: str) -> list[str]:
        chosen = chosen_attributes(described, threshold, groups)
        return [item.name for item in chosen]

    assert names(0.5) == ['metal', 'round']
    assert names(0.3) == ['metal', 'round', 'wood']
    assert names(0.3, 'material') == ['metal', 'wood']
    assert names(0.95) == []
    chosen = chosen_attributes(described, 0.3, ['material'])
    assert attribute_rows(chosen) == [
        ['metal', 'material', 0.9],
        ['wood', 'material', 0.3],
    ]
    content = attribute_json(described, chosen, ORIGIN, 0.3)
    assert content['attributes'] == ['metal', 'wood']
    assert content['attribute_scores']['round'] == 0.6
    assert content['info']['threshold'] == 0.3


def test_search(index_folder: Path, examples_folder: Path) -> None:
    index = load_index(index_folder)
    result = search_attributes(index, 'Metal and not Wood', top=2)
    rows = search_rows(result)
    assert [row[0] for row in rows] == [1, 2]
    assert rows[0][2] == result.hits[0].path
    assert rows[0][3].startswith('Metal 0.') and ', Wood 0.' in rows[0][3]
    content = json.loads(json.dumps(search_json(result, 'mine')))
    assert content['searched'] == 3
    assert set(content['hits'][0]['attributes']) == {'Metal', 'Wood'}
    assert str(examples_folder) not in json.dumps(content)
    pictures = hit_pictures(result)
    assert [picture.shape for picture, _ in pictures] == [(60, 90, 3)] * 2
    assert pictures[0][1] == f'1. {rows[0][1]:.2f} {rows[0][2]}'


def test_indexes(index_folder: Path, tmp_path: Path) -> None:
    [named] = read_indexes([index_folder])
    assert named.name == str(index_folder) and len(named.index) == 3
    with pytest.raises(InputError, match='retrieve.py build'):
        read_indexes([tmp_path])


def test_downloads_keep_apart(tmp_path: Path) -> None:
    first = write_download(tmp_path, 'a b/../ü.jpg', 'hits', {'x': 'é'})
    second = write_download(tmp_path, 'a b/../ü.jpg', 'hits', {})
    assert Path(first).name == 'a_b____ü_jpg_hits.json'
    assert first != second and Path(first).parents[1] == tmp_path
    assert json.loads(Path(first).read_text('utf-8')) == {'x': 'é'}
