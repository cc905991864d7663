"""One call from images to detections."""

import logging
import re
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from mmcv.transforms import LoadImageFromFile
from mmdet.datasets.transforms import LoadAnnotations, PackDetInputs
from mmengine.config import Config
from mmengine.logging import MMLogger
from PIL import Image

from mmvision_ext.apis import (
    DetectionInferencer,
    inference_detector,
    init_detector,
)
from mmvision_ext.apis.inferencer import array_pipeline
from mmvision_ext.utils import InputError


@pytest.fixture(scope='module')
def detect(mask_rcnn) -> DetectionInferencer:
    return DetectionInferencer(
        mask_rcnn.config, mask_rcnn.checkpoint, 'cpu', score_thr=0.0
    )


def test_detections_are_those_of_mmdet(detect, mask_rcnn, photos) -> None:
    model = init_detector(mask_rcnn.config, mask_rcnn.checkpoint, device='cpu')
    theirs = inference_detector(model, str(photos[0])).pred_instances
    (ours,) = detect(photos[0], progress=False)
    assert len(ours) == len(theirs) > 0
    order = theirs.scores.argsort(descending=True, stable=True)
    np.testing.assert_allclose(ours.boxes, theirs.bboxes[order], atol=1e-4)
    np.testing.assert_allclose(ours.scores, theirs.scores[order], atol=1e-6)
    assert ours.labels.tolist() == theirs.labels[order].tolist()
    assert np.array_equal(ours.mask_array(), theirs.masks[order].numpy())
    assert (ours.height, ours.width) == (96, 96)
    assert ours.boxes.max() <= 96


def test_every_kind_of_input_gives_the_same(detect, photos) -> None:
    path = photos[0]
    bgr = cv2.imread(str(path))
    calls = [
        detect(str(path), progress=False),
        detect(bgr, progress=False),
        detect(bgr[..., ::-1].copy(), channel_order='rgb', progress=False),
        detect(Image.fromarray(bgr[..., ::-1]), progress=False),
        detect([path], progress=False),
    ]
    for (result,) in calls:
        np.testing.assert_array_equal(result.boxes, calls[0][0].boxes)


def test_folders_run_in_batches_and_keep_their_order(
    detect, photos, tmp_path: Path
) -> None:
    for number, path in enumerate(photos[:3]):
        Image.open(path).resize((96, 96 - 20 * number)).save(
            tmp_path / f'{number}.png'
        )
    alone = detect(tmp_path, batch_size=1, progress=False)
    batched = detect(tmp_path, batch_size=2, progress=False)
    assert [Path(result.source.name).name for result in batched] == [
        '0.png',
        '1.png',
        '2.png',
    ]
    assert [result.height for result in batched] == [96, 76, 56]
    for first, second in zip(alone, batched, strict=True):
        assert len(second) and second.boxes[:, 3].max() <= second.height
        assert first.scores[0] == pytest.approx(second.scores[0], abs=0.02)


def test_the_threshold_drops_what_is_below(mask_rcnn, photos) -> None:
    strict = DetectionInferencer(
        mask_rcnn.config, mask_rcnn.checkpoint, 'cpu', score_thr=0.99
    )
    (result,) = strict(photos[0], progress=False)
    assert len(result) == 0 and result.masks == []


@pytest.mark.parametrize(
    'value', [30, -0.1, float('nan'), None, '0.3', [0.5], True]
)
def test_thresholds_out_of_range_are_refused(mask_rcnn, value: Any) -> None:
    with pytest.raises(InputError, match='score_thr: expected .* from 0 to 1'):
        DetectionInferencer(
            mask_rcnn.config, mask_rcnn.checkpoint, 'cpu', value
        )


def test_unreadable_images_of_a_folder_are_counted(
    detect, photos, tmp_path: Path
) -> None:
    Image.open(photos[0]).save(tmp_path / 'good.png')
    (tmp_path / 'bad.jpg').write_bytes(b'no image')
    messages: list[str] = []
    logger = MMLogger.get_instance('test', logger_name='test')
    handler = logging.Handler()
    handler.emit = lambda record: messages.append(record.getMessage())
    logger.addHandler(handler)
    results = detect(tmp_path, progress=False)
    assert [Path(result.source.name).name for result in results] == [
        'good.png'
    ]
    assert len(results.skipped) == 1 and 'bad.jpg' in results.skipped[0]
    (warning,) = [text for text in messages if 'could not be read' in text]
    assert '1 of 2 images' in warning and 'bad.jpg' in warning


def test_a_folder_without_a_readable_image_is_an_error(
    detect, tmp_path: Path
) -> None:
    (tmp_path / 'bad.jpg').write_bytes(b'no image')
    with pytest.raises(InputError, match='1 of 1 images'):
        detect(tmp_path, progress=False)


def test_an_unreadable_image_that_was_named_is_an_error(
    detect, photos, tmp_path: Path
) -> None:
    (tmp_path / 'bad.jpg').write_bytes(b'no image')
    with pytest.raises(InputError, match='bad.jpg cannot be read'):
        detect([photos[0], tmp_path / 'bad.jpg'], progress=False)


def test_images_too_narrow_to_be_resized_do_not_stop_a_folder(
    detect, photos, tmp_path: Path
) -> None:
    Image.open(photos[0]).save(tmp_path / 'good.png')
    Image.new('RGB', (4000, 1)).save(tmp_path / 'line.png')
    results = detect(tmp_path, batch_size=2, progress=False)
    assert [result.source.stem for result in results] == ['good']
    [message] = results.skipped
    assert 'line.png: expected one that the test pipeline' in message
    with pytest.raises(InputError, match=r'image .*line\.png: expected one'):
        detect(tmp_path / 'line.png', progress=False)


@pytest.mark.parametrize('size', [0, 1.5, 'a', None, True])
def test_batches_below_one_are_refused(detect, photos, size: Any) -> None:
    found = re.escape(repr(size))
    with pytest.raises(InputError, match=f'batch_size: .* found {found}'):
        detect(photos[0], batch_size=size)


def test_steps_of_a_pipeline_may_be_classes() -> None:
    steps = [
        dict(type=LoadImageFromFile),
        dict(type=LoadAnnotations, with_bbox=True),
        dict(type=PackDetInputs, meta_keys=('img_id',)),
    ]
    loader = dict(dataset=dict(pipeline=steps))
    pipeline = array_pipeline(Config(dict(test_dataloader=loader)))
    found = pipeline(dict(img=np.zeros((4, 6, 3), np.uint8), img_id=0))
    assert found['inputs'].shape == (3, 4, 6)


@pytest.mark.parametrize(
    ('steps', 'message'),
    [
        ([], 'expected steps'),
        ([dict(type='NoSuchStep')], 'NoSuchStep is not in'),
        ([dict(scale=3)], 'cannot be built'),
    ],
)
def test_pipelines_that_cannot_be_built_are_named(
    steps: list[dict], message: str
) -> None:
    loader = dict(dataset=dict(pipeline=steps))
    with pytest.raises(InputError, match=f'test_dataloader.*{message}'):
        array_pipeline(Config(dict(test_dataloader=loader)))
