"""Attributes of images and of objects, by one call."""

import copy
import json
import os
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmengine.runner import Runner
from PIL import Image
from pycocotools.coco import COCO

from mmvision_ext.apis import AttributeInferencer, load_classifier
from mmvision_ext.apis.attribute_model import load_attribute_model
from mmvision_ext.apis.attribute_results import (
    AttributeResult,
    coco_box,
    plain_scores,
)
from mmvision_ext.apis.sources import ImageSource
from mmvision_ext.datasets.apascal_attributes import GROUPS, NAMES
from mmvision_ext.testing.tiny_attributes import (
    BOXES,
    HEIGHT,
    WIDTH,
    image_config,
    make_attribute_data,
    object_config,
    save_random,
)
from mmvision_ext.utils import InputError

META = dict(classes=NAMES, attribute_groups=GROUPS)


@pytest.fixture(scope='module')
def root(tmp_path_factory) -> Path:
    """Four images with two objects each."""
    root = tmp_path_factory.mktemp('data')
    make_attribute_data(root)
    return root


@pytest.fixture(scope='module')
def images(root: Path) -> list[Path]:
    return sorted(root.rglob('*.jpg'))


@pytest.fixture(scope='module')
def weights(root: Path) -> Path:
    return save_random(object_config(root), root / 'objects.pth', META)


@pytest.fixture(scope='module')
def objects(root: Path, weights: Path) -> AttributeInferencer:
    return AttributeInferencer(object_config(root), weights, 'cpu')


@pytest.fixture(scope='module')
def whole(root: Path) -> AttributeInferencer:
    config = image_config(root)
    weights = save_random(config, root / 'images.pth', None)
    return AttributeInferencer(config, weights, 'cpu')


def reference_scores(config: Config, checkpoint: Path) -> np.ndarray:
    """Scores of the test dataset by mmengine's own loader, (N, A)."""
    model = load_classifier(config, checkpoint, 'cpu')
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        loader = Runner.build_dataloader(config.test_dataloader)
    with torch.no_grad():
        samples = [s for batch in loader for s in model.test_step(batch)]
    return np.stack([sample.pred_score.numpy() for sample in samples])


def test_objects_are_scored_as_in_testing(
    objects, root, images, weights
) -> None:
    results = objects(images, boxes=[BOXES] * 4, batch_size=3, progress=False)
    assert [(r.source.path, r.box) for r in results] == [
        (path, box) for path in images for box in BOXES
    ]
    expected = reference_scores(object_config(root), weights)
    found = np.stack([result.scores for result in results])
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert np.ptp(found, axis=0).max() > 0.01  # objects differ
    assert (results[0].height, results[0].width) == (HEIGHT, WIDTH)


def test_images_are_scored_as_in_testing(whole, root, images) -> None:
    results = whole(images[0].parent, batch_size=3, progress=False)
    expected = reference_scores(image_config(root), root / 'images.pth')
    np.testing.assert_allclose(
        np.stack([result.scores for result in results]), expected, atol=1e-6
    )
    assert results[0].box is None and len(results[0]) == 139
    assert set(results[0].names) >= {'metal', 'animal'}


def test_each_image_is_decoded_once(objects, images, monkeypatch) -> None:
    read = []
    reader = objects.model.reader
    transform = reader.transform
    monkeypatch.setattr(
        reader,
        'transform',
        lambda sample: read.append(sample) or transform(sample),
    )
    objects(images[:2], boxes=[[BOXES[0]] * 5, BOXES], progress=False)
    assert len(read) == 2


def test_every_kind_of_input_gives_the_same(objects, images) -> None:
    pixels = np.asarray(Image.open(images[0]).convert('RGB'))
    calls = [
        objects(str(images[0]), progress=False),
        objects(pixels[..., ::-1].copy(), progress=False),
        objects(pixels, channel_order='rgb', progress=False),
        objects([Image.fromarray(pixels)], progress=False),
        objects(str(images[0].parent / '0*.jpg'), progress=False),
    ]
    for (result,) in calls:
        np.testing.assert_allclose(result.scores, calls[0][0].scores)
    box = [[0, 0, WIDTH, HEIGHT]]
    (boxed,) = objects(images[0], boxes=[box], progress=False)
    np.testing.assert_array_equal(boxed.scores, calls[0][0].scores)


def test_known_attributes_change_the_others(whole, images) -> None:
    (free,) = whole(images[0], progress=False)
    (told,) = whole(
        images[0], known={'metal': True, 'animal': False}, progress=False
    )
    score = dict(zip(told.names, told.scores, strict=True))
    assert (score['metal'], score['animal']) == (1, 0)
    others = [name not in ('metal', 'animal') for name in told.names]
    assert np.abs(told.scores - free.scores)[others].max() > 1e-4


def test_what_cannot_be_told_is_an_error(objects, whole, images) -> None:
    with pytest.raises(InputError, match="found 'metall'; .*'metal'"):
        whole(images[0], known={'metall': True}, progress=False)
    with pytest.raises(InputError, match='CrossModalAttributeClassifier'):
        objects(images[0], known={'Metal': True}, progress=False)


@pytest.mark.parametrize(
    ('boxes', 'message'),
    [
        ([BOXES], 'each of the 2 images, found 1'),
        ([BOXES, [1, 2, 3, 4]], r'boxes\[1\]: expected shape \(N, 4\)'),
        ([BOXES, [[0, 0, 70, 40]]], 'its image of 60 x 44 px'),
        ([BOXES, [(1, 2, 3, 4), (1, 2)]], r'boxes\[1\]: .*, \(1, 2\)\]'),
        ([BOXES, [{}]], r'boxes\[1\]: .* found \[\{\}\]'),
    ],
)
def test_boxes_that_cannot_be_used(objects, images, boxes, message) -> None:
    with pytest.raises(InputError, match=message):
        objects(images[:2], boxes=boxes, progress=False)


def test_boxes_need_a_model_of_objects(whole, images) -> None:
    with pytest.raises(InputError, match='looks at whole images'):
        whole(images[0], boxes=[BOXES], progress=False)


def test_images_without_boxes_have_no_results(objects, images) -> None:
    results = objects(images[:2], boxes=[[], BOXES], progress=False)
    assert [result.source.path for result in results] == [images[1]] * 2
    assert not objects(images[0], boxes=[[]], progress=False)


def test_unreadable_images(objects, images, tmp_path: Path) -> None:
    (tmp_path / 'bad.jpg').write_bytes(b'no image')
    with pytest.raises(InputError, match='1 of 1 images .*\n.*bad.jpg'):
        objects(tmp_path, progress=False)
    with pytest.raises(InputError, match='bad.jpg'):
        objects([images[0], tmp_path / 'bad.jpg'], progress=False)
    (tmp_path / 'good.jpg').write_bytes(images[0].read_bytes())
    results = objects(tmp_path, progress=False)
    assert len(results) == 1 and 'bad.jpg' in results.skipped[0]


def test_names_come_from_the_checkpoint_else_the_config(
    root, weights, tmp_path: Path
) -> None:
    config = object_config(root)
    swapped = (NAMES[1], NAMES[0], *NAMES[2:])
    path = save_random(config, tmp_path / 'a.pth', dict(classes=swapped))
    assert load_attribute_model(config, path, 'cpu').names == swapped
    path = save_random(config, tmp_path / 'b.pth', None)
    model = load_attribute_model(config, path, 'cpu')
    assert model.names == NAMES and set(model.groups) == {''}
    groups = load_attribute_model(config, weights, 'cpu').groups
    assert groups[0] == next(iter(GROUPS))
    path = save_random(config, tmp_path / 'c.pth', dict(classes=NAMES[:5]))
    with pytest.raises(InputError, match='64 scores of .* found 5 names'):
        load_attribute_model(config, path, 'cpu')


def test_a_pipeline_that_cannot_be_used(root, weights) -> None:
    config = copy.deepcopy(object_config(root))
    config.test_dataloader.dataset.pipeline.pop(0)
    with pytest.raises(InputError, match='first, found PackAttributes'):
        load_attribute_model(config, weights, 'cpu')
    config.pop('test_dataloader')
    with pytest.raises(InputError, match='pipeline: expected steps'):
        load_attribute_model(config, weights, 'cpu')


def test_files_are_read_as_the_config_says(root, images, tmp_path) -> None:
    config = image_config(root)
    config.test_dataloader.dataset.pipeline[0] = dict(type='LoadImageFromFile')
    model = load_attribute_model(config, root / 'images.pth', 'cpu')
    source = ImageSource(str(images[0]), images[0])
    np.testing.assert_array_equal(
        model.read(source), cv2.imread(str(images[0]))
    )
    bad = tmp_path / 'bad.txt'
    bad.write_bytes(b'no image')
    with pytest.raises(InputError, match='bad.txt cannot be read'):
        model.read(ImageSource(str(bad), bad))


def test_labels_revealed_in_testing_are_not_asked_for(root, images) -> None:
    config = image_config(root)
    config.test_dataloader.dataset.pipeline.append(
        dict(type='mmvision_ext.RevealAttributes')
    )
    describe = AttributeInferencer(config, root / 'images.pth', 'cpu')
    assert len(describe(images[0], progress=False)) == 1


def test_scores_that_are_no_probabilities(objects, images, monkeypatch):
    parameters = objects.model.model.head.last_layer._parameters
    broken = torch.nn.Parameter(torch.full((64,), np.nan))
    monkeypatch.setitem(parameters, 'bias', broken)
    with pytest.raises(InputError, match='expected probabilities from 0'):
        objects(images[0], progress=False)


def write_thresholds(path: Path, values: dict[str, float]) -> Path:
    content = dict(
        protocol='', thresholds=values, uncalibrated=[], samples=['a']
    )
    path.write_text(json.dumps(content))
    return path


def test_thresholds_of_a_file(root, weights, images, tmp_path: Path) -> None:
    values = dict.fromkeys(NAMES, 1.0) | {NAMES[3]: 0.0}
    path = write_thresholds(tmp_path / 'thresholds.json', values)
    config = object_config(root)
    describe = AttributeInferencer(config, weights, 'cpu', path)
    (result,) = describe(images[0], progress=False)
    assert [item.name for item in result.above()] == [NAMES[3]]
    assert len(result.above(0.0)) == 64
    values.pop(NAMES[0])
    with pytest.raises(InputError, match=f"none for '{NAMES[0]}'"):
        AttributeInferencer(
            config, weights, 'cpu', write_thresholds(path, values)
        )
    for wrong in (2, None, [0.5]):
        found = re.escape(repr(wrong))
        with pytest.raises(InputError, match=f'1, or a file, found {found}'):
            AttributeInferencer(config, weights, 'cpu', wrong)


@pytest.fixture
def result(images) -> AttributeResult:
    """Four attributes; 'b' and 'd' are above their thresholds."""
    return AttributeResult(
        ImageSource(str(images[0]), images[0]),
        HEIGHT,
        WIDTH,
        ('a', 'b', 'c', 'd'),
        ('x', 'y', 'x', ''),
        np.array([0.1, 0.5, 0.7, 0.9], np.float32),
        np.array([0.5, 0.5, 0.8, 0.2]),
        (1.0, 2.0, 11.0, 22.0),
    )


def test_results_are_ordered_and_typed(result) -> None:
    assert [(x.name, x.group) for x in result.above()] == [
        ('d', ''),
        ('b', 'y'),
    ]
    assert [item.name for item in result.above(0.6)] == ['d', 'c']
    top = result.top(3)
    assert [item.name for item in top] == ['d', 'c', 'b']
    assert top[1].score == pytest.approx(0.7) and top[1].group == 'x'
    assert len(result.top(9)) == 4
    for wrong in (0, -2, 1.5):
        with pytest.raises(InputError, match=f'^k: .* 1, found {wrong}'):
            result.top(wrong)
    content = json.loads(json.dumps(result.to_dict()))
    assert content['attributes'] == ['d', 'b']
    assert content['attribute_scores']['c'] == 0.7  # not 0.699999988
    assert content['bbox'] == [1, 2, 10, 20] == coco_box(result.box)


def test_plain_scores_lose_nothing() -> None:
    scores = np.random.default_rng(0).random(500).astype(np.float32)
    again = np.array(json.loads(json.dumps(plain_scores(scores))), np.float32)
    np.testing.assert_array_equal(again, scores)


def test_pandas_gets_a_row_for_each_result(
    objects, images, monkeypatch
) -> None:
    results = objects(images[:2], boxes=[BOXES, []], progress=False)
    stub = SimpleNamespace(DataFrame=lambda rows, columns: rows)
    monkeypatch.setitem(sys.modules, 'pandas', stub)
    rows = results.to_pandas()
    assert [(row['image'], row['x2']) for row in rows] == [
        (str(images[0]), 30),
        (str(images[0]), 60),
    ]
    assert len(rows[0]) == 5 + 64
    assert rows[1][NAMES[7]] == results[1].scores[7]
    results[0].box = None
    assert np.isnan(results.to_pandas()[0]['y1'])
    monkeypatch.setitem(sys.modules, 'pandas', None)
    with pytest.raises(InputError, match='pip install pandas'):
        results.to_pandas()


def test_attributes_in_coco_form(objects, images, tmp_path: Path) -> None:
    results = objects(images[:2], boxes=[BOXES, BOXES[:1]], progress=False)
    path = tmp_path / 'a.json'
    path.write_text(json.dumps(results.to_coco()))
    coco = COCO(str(path))
    assert [item['id'] for item in coco.dataset['images']] == [1, 2]
    assert coco.imgs[1] | dict(file_name='') == dict(
        id=1, file_name='', height=HEIGHT, width=WIDTH
    )
    assert [len(coco.imgToAnns[image]) for image in (1, 2)] == [2, 1]
    first = coco.anns[1]
    assert first['bbox'] == coco_box(BOXES[0])
    assert first['area'] == first['bbox'][2] * first['bbox'][3]
    assert first['attributes'] == [x.name for x in results[0].above()]
    scores = np.array(first['attribute_scores'], np.float32)
    np.testing.assert_array_equal(scores, results[0].scores)
    assert coco.dataset['attribute_names'] == list(NAMES)
    results[0].box = None
    whole = results.to_coco()['annotations'][0]
    assert whole['bbox'] == [0, 0, WIDTH, HEIGHT]


def test_a_result_in_a_line(result) -> None:
    name = result.source.name
    assert result.summary == f'{name} (1, 2, 11, 22): d 0.90, b 0.50'
    result.box, result.scores = None, np.zeros(4, np.float32)
    assert result.summary == f'{name}: no attribute'


def test_pictures_and_scores_are_saved(objects, images, tmp_path) -> None:
    results = objects(images[:2], boxes=[BOXES, []], progress=False)
    files = results.save(tmp_path / 'out')
    assert [path.name for path in files] == [
        '0.png',
        '0_2.png',
        'attributes.json',
    ]
    content = json.loads(files[-1].read_text())
    assert len(content['results']) == 2 and content['skipped'] == []
    with pytest.raises(InputError, match='another folder'):
        results.save(images[0].parent)


def test_names_that_json_cannot_hold(objects, images, tmp_path) -> None:
    path = tmp_path / os.fsdecode(b'\xff.jpg')
    path.write_bytes(images[0].read_bytes())
    results = objects(path, progress=False)
    with pytest.raises(InputError, match='file names: expected UTF-8'):
        results.save(tmp_path / 'out')
    assert not (tmp_path / 'out').exists()


def test_a_picture_shows_the_box_and_the_bars(result) -> None:
    plain = result.draw(long_side=200)
    result.box = None
    without = result.draw(long_side=200)
    assert plain.shape == without.shape and plain.shape[1] > 200
    image = np.s_[:, :200]
    assert (plain[image] != without[image]).any()
    np.testing.assert_array_equal(plain[:, 200:], without[:, 200:])
    result.scores = np.zeros(4, np.float32)
    empty = result.draw(long_side=200)
    assert (empty[:, 200:] != without[:, 200:]).any()
