"""Predictions beside ground truth."""

from pathlib import Path

import numpy as np
import pytest
from mmengine.config import Config

from mmvision_ext.apis import inference_detector, iter_dataset_predictions
from mmvision_ext.apis.model import load_detector
from mmvision_ext.apis.predictions import (
    DatasetPredictions,
    build_dataset,
    iter_images,
)
from mmvision_ext.utils import InputError


@pytest.fixture
def config(mask_rcnn) -> Config:
    return Config.fromfile(mask_rcnn.config)


def test_samples_have_both_sides_in_pixels_of_the_image(mask_rcnn) -> None:
    predictions = iter_dataset_predictions(
        mask_rcnn.config, mask_rcnn.checkpoint, 'cpu', limit=3
    )
    samples = list(predictions)
    assert len(samples) == len(predictions) == 3
    assert predictions.classes == ('circle', 'square', 'triangle')
    for sample in samples:
        assert sample.ori_shape == (96, 96)
        assert sample.img_shape == (128, 128)
        for part in (sample.gt_instances, sample.ignored_instances):
            for box, mask in zip(
                part.bboxes, part.masks.to_ndarray(), strict=True
            ):
                assert mask.shape == (96, 96)
                rows, columns = np.nonzero(mask)
                tight = [
                    columns.min(),
                    rows.min(),
                    columns.max() + 1,
                    rows.max() + 1,
                ]
                assert box.tolist() == tight
        assert sample.pred_instances.masks.shape[1:] == (96, 96)
        assert sample.pred_instances.bboxes.max() <= 96
    expected = inference_detector(predictions.model, samples[0].img_path)
    np.testing.assert_allclose(
        samples[0].pred_instances.scores,
        expected.pred_instances.scores,
        atol=1e-6,
    )


def test_the_training_images_come_unfiltered_and_unshuffled(
    config: Config, shapes_root: Path
) -> None:
    config.train_dataloader.dataset = dict(
        type='RepeatDataset', times=3, dataset=config.train_dataloader.dataset
    )
    dataset = build_dataset(config, 'train')
    names = (shapes_root / 'VOC2012/ImageSets/Main/train.txt').read_text()
    found = [Path(sample.img_path).stem for _, sample in iter_images(dataset)]
    assert found == names.split()


def test_the_dataset_may_come_from_another_config(
    mask_rcnn, sparse_rcnn
) -> None:
    """The box-only config then loads masks, as the dataset's owner does."""
    sparse = Config.fromfile(sparse_rcnn.config)
    assert 'masks' not in build_dataset(sparse)[0]['data_samples'].gt_instances
    dataset = build_dataset(sparse, 'test', mask_rcnn.config)
    assert 'masks' in dataset[0]['data_samples'].gt_instances


def test_a_metric_scores_what_both_sides_have(mask_rcnn, sparse_rcnn) -> None:
    for files, kinds in (
        (mask_rcnn, ('bbox', 'segm')),
        (sparse_rcnn, ('bbox',)),
    ):
        predictions = iter_dataset_predictions(
            files.config, files.checkpoint, 'cpu', 'test', 1, mask_rcnn.config
        )
        assert predictions.new_metric().kinds == kinds


def test_other_classes_are_refused(mask_rcnn, config: Config) -> None:
    model = load_detector(config, mask_rcnn.checkpoint, 'cpu')
    model.dataset_meta['classes'] = ('square', 'circle', 'triangle')
    with pytest.raises(InputError, match='cross_dataset.py'):
        DatasetPredictions(model, build_dataset(config))


def test_limits_below_one_are_refused(mask_rcnn, config: Config) -> None:
    model = load_detector(config, mask_rcnn.checkpoint, 'cpu')
    dataset = build_dataset(config)
    with pytest.raises(InputError, match='limit: .* found 0'):
        DatasetPredictions(model, dataset, 0)
    with pytest.raises(InputError, match='limit: .* found -1'):
        list(iter_images(dataset, -1))


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (lambda steps: steps.pop(2), 'expected LoadAnnotations, so'),
        (lambda steps: steps.insert(1, steps.pop(2)), 'after Resize'),
    ],
)
def test_pipelines_without_true_pixels_are_refused(
    config: Config, change, message: str
) -> None:
    change(config.test_dataloader.dataset.pipeline)
    with pytest.raises(InputError, match=message):
        build_dataset(config)


def test_joined_datasets_are_refused(config: Config) -> None:
    part = config.test_dataloader.dataset
    config.test_dataloader.dataset = dict(
        type='ConcatDataset', datasets=[part, part]
    )
    with pytest.raises(InputError, match='found 2 joined ones'):
        build_dataset(config)


def test_a_missing_split_is_named(config: Config) -> None:
    config.val_dataloader = None
    with pytest.raises(InputError, match='val_dataloader: expected'):
        build_dataset(config, 'val')


def test_a_dataset_that_cannot_be_built_is_named(config: Config) -> None:
    config.test_dataloader.dataset.type = 'NoSuchDataset'
    with pytest.raises(InputError, match='test_dataloader.*NoSuchDataset'):
        build_dataset(config)
