"""Classes of images, by one call."""

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image
from pycocotools.coco import COCO

from mmvision_ext.apis import ClassificationInferencer, ClassificationResult
from mmvision_ext.apis.classification_results import ClassificationResults
from mmvision_ext.apis.sources import ImageSource
from mmvision_ext.testing.tiny_photos import (
    CLASSES,
    MEAN,
    STD,
    save_classifier,
    write_grey_video,
)
from mmvision_ext.utils import InputError


@pytest.fixture(scope='module')
def photos(tmp_path_factory) -> list[Path]:
    """Images of random colours, of the size of the network's input."""
    folder = tmp_path_factory.mktemp('photos')
    rng = np.random.default_rng(0)
    for index in range(5):
        pixels = rng.integers(0, 256, (4, 4, 3), np.uint8)
        image = Image.fromarray(pixels).resize((32, 32), Image.NEAREST)
        image.save(folder / f'{index}.png')
    return sorted(folder.iterdir())


@pytest.fixture(scope='module')
def classify(tmp_path_factory) -> ClassificationInferencer:
    files = save_classifier(tmp_path_factory.mktemp('model'))
    return ClassificationInferencer(*files, device='cpu')


def reference(model, photos: list[Path]) -> np.ndarray:
    """Probabilities by PIL and the parts of the model, (N, 4)."""
    pixels = [np.asarray(Image.open(path), np.float32) for path in photos]
    inputs = torch.from_numpy((np.stack(pixels) - MEAN) / STD)
    with torch.no_grad():
        maps = model.backbone(inputs.permute(0, 3, 1, 2))[-1]
        return model.head.fc(maps.mean((2, 3))).softmax(1).numpy()


@pytest.mark.parametrize('batch_size', [1, 2, 8])
def test_probabilities_are_those_of_the_model(
    classify, photos, batch_size: int
) -> None:
    results = classify(photos[0].parent, batch_size, progress=False)
    assert [result.source.path for result in results] == photos
    found = np.stack([result.scores for result in results])
    expected = reference(classify.model, photos)
    np.testing.assert_allclose(found, expected, atol=1e-4)
    assert np.ptp(expected, axis=0).max() > 0.1  # images differ
    assert results[0].classes == CLASSES


def test_every_kind_of_input_gives_the_same(classify, photos) -> None:
    rgb = np.asarray(Image.open(photos[0]))
    calls = [
        classify(str(photos[0]), progress=False),
        classify(rgb[..., ::-1].copy(), progress=False),
        classify(rgb, channel_order='rgb', progress=False),
        classify([Image.fromarray(rgb)], progress=False),
        classify(f'{photos[0].parent}/0*', progress=False),
    ]
    calls.append(classify(calls[0][0].source, progress=False))
    for (result,) in calls:
        np.testing.assert_array_equal(result.scores, calls[0][0].scores)


def test_pipelines_without_a_file_take_rgb(photos, tmp_path: Path) -> None:
    """As of datasets in memory, whose preprocessor turns nothing."""
    pipeline = [dict(type='Resize', scale=(32, 32)), dict(type='PackInputs')]
    files = save_classifier(tmp_path, pipeline, to_rgb=False)
    classify = ClassificationInferencer(*files, device='cpu')
    found = [result.scores for result in classify(photos, progress=False)]
    expected = reference(classify.model, photos)
    np.testing.assert_allclose(np.stack(found), expected, atol=1e-4)


def test_pipelines_of_objects_take_the_image_as_one(
    photos, tmp_path: Path
) -> None:
    crop = dict(type='mmvision_ext.LoadObjectCrop', size=32, padding=0)
    files = save_classifier(tmp_path, [crop, dict(type='PackInputs')])
    classify = ClassificationInferencer(*files, device='cpu')
    (found,) = classify(photos[2], progress=False)
    expected = reference(classify.model, photos[2:3])
    np.testing.assert_allclose(found.scores, expected[0], atol=1e-4)


def test_frames_of_a_video(classify, tmp_path: Path) -> None:
    clip = write_grey_video(tmp_path / 'clip.mp4', (0, 128, 255))
    results = classify(clip, progress=False)
    assert [Path(result.source.name).name for result in results] == [
        'clip.mp4 frame 0',
        'clip.mp4 frame 1',
        'clip.mp4 frame 2',
    ]
    assert np.ptp([result.scores for result in results], axis=0).max() > 0.05
    files = results.save(tmp_path / 'out')
    assert [path.name for path in files] == ['clip.mp4', 'predictions.json']


def test_unreadable_images(classify, photos, tmp_path: Path) -> None:
    (tmp_path / 'bad.jpg').write_bytes(b'no image')
    with pytest.raises(InputError, match='1 of 1 images .*\n.*bad.jpg'):
        classify(tmp_path, progress=False)
    with pytest.raises(InputError, match='bad.jpg'):
        classify([photos[0], tmp_path / 'bad.jpg'], progress=False)
    (tmp_path / 'good.png').write_bytes(photos[0].read_bytes())
    results = classify(tmp_path, progress=False)
    assert len(results) == 1 and 'bad.jpg' in results.skipped[0]


def test_batches_below_one_are_refused(classify, photos) -> None:
    with pytest.raises(InputError, match='batch_size: .* found 0'):
        classify(photos, batch_size=0)


def test_a_name_and_no_weights(tmp_path: Path) -> None:
    config, _ = save_classifier(tmp_path)
    with pytest.raises(InputError, match='no weights of tiny_4xb8_photos are'):
        ClassificationInferencer(config, device='cpu')
    with pytest.raises(InputError, match="found 'resnet20_1xb128-200e_cifar'"):
        ClassificationInferencer('resnet20_1xb128-200e_cifar')


@pytest.fixture
def results(photos) -> ClassificationResults:
    """Two images; the best of the first are d, b, a."""
    found = ClassificationResults()
    for path, scores in zip(
        photos, ([0.2, 0.3, 0.1, 0.4], [0.7, 0.1, 0.1, 0.1]), strict=False
    ):
        source = ImageSource(str(path), path)
        values = np.array(scores, np.float32)
        found.append(ClassificationResult(source, tuple('abcd'), values))
    return found


def test_the_best_come_first(results) -> None:
    result = results[0]
    assert [name for name, _ in result.top(3)] == ['d', 'b', 'a']
    assert result.top(1)[0][1] == pytest.approx(0.4) and result.name == 'd'
    assert len(result.top(9)) == 4
    for wrong in (0, -1, 1.5):
        with pytest.raises(InputError, match=f'^k: .* 1, found {wrong}'):
            result.top(wrong)
    assert result.summary == f'{result.source.name}: d 0.40, b 0.30, a 0.20'
    assert [name for name, _ in results[1].top(3)] == ['a', 'b', 'c']  # ties


def test_classes_of_images_in_coco_form(results, tmp_path: Path) -> None:
    path = tmp_path / 'a.json'
    path.write_text(json.dumps(results.to_coco(k=2)))
    coco = COCO(str(path))
    assert [item['name'] for item in coco.loadCats(coco.getCatIds())] == [
        *'abcd'
    ]
    best = coco.imgToAnns[1]
    assert [entry['category_id'] for entry in best] == [4, 2]
    assert best[0]['score'] == pytest.approx(0.4) and 'bbox' not in best[0]
    assert coco.imgs[2]['file_name'] == results[1].source.name
    assert sorted(coco.anns) == [1, 2, 3, 4]
    entries = results[0].to_coco('x', category_ids=[7, 8, 9, 10])
    assert [(e['image_id'], e['category_id']) for e in entries] == [('x', 10)]
    empty = ClassificationResults().to_coco()
    assert empty == dict(images=[], categories=[], annotations=[])


def test_classes_as_a_table(results, monkeypatch) -> None:
    stub = SimpleNamespace(DataFrame=lambda rows, columns: (rows, columns))
    monkeypatch.setitem(sys.modules, 'pandas', stub)
    rows, columns = results.to_pandas(k=2)
    assert columns == ('image', 'rank', 'class', 'score')
    assert [(row['rank'], row['class']) for row in rows] == [
        (1, 'd'),
        (2, 'b'),
        (1, 'a'),
        (2, 'b'),
    ]
    assert rows[2]['image'] == results[1].source.name


def test_bars_are_as_long_as_probabilities(results) -> None:
    picture = results[0].draw(k=2, long_side=200)
    others = results[1].draw(k=2, long_side=200)
    assert picture.shape == others.shape and picture.shape[1] > 400
    long = _colored(others[:, 200:])
    short = _colored(picture[:, 200:])
    assert long / short == pytest.approx(0.8 / 0.7, rel=0.1)


def _colored(picture: np.ndarray) -> int:
    """Pixels of the bars: neither white, grey nor black."""
    return int((np.ptp(picture.astype(int), axis=-1) > 60).sum())


def test_pictures_are_named_after_images(results, tmp_path: Path) -> None:
    files = results.save(tmp_path / 'out')
    assert [path.name for path in files] == [
        '0.png',
        '1.png',
        'predictions.json',
    ]
    content = json.loads(files[-1].read_text())
    assert len(content['annotations']) == 8
