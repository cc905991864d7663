"""Predictions beside ground truth, for tools that look at a dataset."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import torch
from mmdet.structures import DetDataSample
from mmengine.config import Config
from mmengine.dataset import BaseDataset, pseudo_collate
from mmengine.registry import DATASETS, DefaultScope

from mmvision_ext.evaluation.metrics import CocoInstanceMetric
from mmvision_ext.utils import InputError
from mmvision_ext.utils.config.dataset_configs import pipeline_of_test
from mmvision_ext.utils.type_name import type_name

from .model import Detector, config_faults, load_config, load_detector
from .progress import track
from .sources import ImageSource

Split = Literal['train', 'val', 'test']


def iter_dataset_predictions(
    config: str | Path | Config,
    checkpoint: str | Path,
    device: str | None = None,
    split: Split = 'test',
    limit: int | None = None,
    dataset_config: str | Path | Config | None = None,
) -> 'DatasetPredictions':
    """Run a detector over a dataset of its config.

    Args:
        config: Config file or config of the model.
        checkpoint: File or http(s) address of its weights.
        device: Such as ``'cuda:0'`` or ``'cpu'``; None takes the first GPU
            where there is one.
        split: Which data loader's dataset. All of its images are used, also
            those that training filters out, through the test pipeline.
        limit: Use the first images only.
        dataset_config: Take the dataset and the way annotations are loaded
            from this config; resizing stays the model's.

    Returns:
        An iterable of mmdet data samples, see :class:`DatasetPredictions`.

    Raises:
        InputError: A file is missing, weights do not fit, the dataset is
            empty, its classes are not the model's, or the ground truth would
            not be in pixels of the original images.
    """
    model = load_detector(config, checkpoint, device)
    dataset = build_dataset(model.cfg, split, dataset_config)
    return DatasetPredictions(model, dataset, limit)


class DatasetPredictions:
    """Data samples with ground truth and predictions, one per image.

    Each sample has ``gt_instances``, ``ignored_instances`` and
    ``pred_instances`` with boxes (N, 4) and masks in pixels of the original
    image, on the CPU.

    Args:
        model: A detector from :func:`~mmvision_ext.apis.model.load_detector`.
        dataset: A dataset from :func:`build_dataset`.
        limit: Use the first images only.
        check_classes: Raise when the classes of model and dataset differ.

    Raises:
        InputError: The classes differ, or the limit is below 1.

    Attributes:
        model: The detector.
        dataset: The dataset.
        classes: Names of the dataset's classes.
        palette: Colours of its classes, or None.
    """

    def __init__(
        self,
        model: Detector,
        dataset: BaseDataset,
        limit: int | None = None,
        check_classes: bool = True,
    ) -> None:
        self.model = model
        self.dataset = dataset
        self.classes = tuple(dataset.metainfo['classes'])
        self.palette = dataset.metainfo.get('palette')
        self._length = _limited(dataset, limit)
        if hasattr(model, 'use_words'):  # it finds what it is asked for
            model.use_words(self.classes)
        trained = tuple(model.dataset_meta['classes'])
        if check_classes and trained != self.classes:
            raise InputError(
                f'classes: the model was trained on {len(trained)} '
                f'{trained}, the dataset has {len(self.classes)} '
                f'{self.classes}. Use a dataset with the same classes, or '
                'tools/analysis_tools/cross_dataset.py with a class map.'
            )

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[DetDataSample]:
        for index in track(range(len(self)), 'predicting', len(self)):
            with torch.no_grad():
                batch = pseudo_collate([self.dataset[index]])
                yield self.model.test_step(batch)[0].cpu()

    def new_metric(self, classwise: bool = False) -> CocoInstanceMetric:
        """An empty metric for what dataset and model have in common.

        Args:
            classwise: Report each class too.

        Returns:
            A metric of boxes, and of masks where both have them.
        """
        truth = self.dataset[0]['data_samples'].gt_instances
        with_masks = 'masks' in truth and self.model.with_mask
        metric = CocoInstanceMetric(
            ['bbox', 'segm'] if with_masks else ['bbox'], classwise=classwise
        )
        metric.dataset_meta = dict(classes=self.classes)
        return metric


def build_dataset(
    config: Config,
    split: Split = 'test',
    dataset_config: str | Path | Config | None = None,
) -> BaseDataset:
    """Build a dataset whose items go through the model's test pipeline.

    Args:
        config: Config of the model.
        split: Which data loader's dataset.
        dataset_config: Take the dataset and the way annotations are loaded
            from this config instead.

    Returns:
        The dataset in test mode: nothing is filtered out.

    Raises:
        InputError: The dataset cannot be built, is empty or made of several,
            or the ground truth would not be in pixels of the original images.
    """
    owner = config if dataset_config is None else load_config(dataset_config)
    key = f'{split}_dataloader'
    with (
        DefaultScope.overwrite_default_scope(
            owner.get('default_scope', 'mmdet')
        ),
        config_faults(owner, key),
    ):
        settings = owner[key].dataset.to_dict()
        while 'dataset' in settings:
            settings = settings['dataset']
        if 'datasets' in settings:
            raise InputError(
                f'{key}.dataset: expected one dataset, found '
                f'{len(settings["datasets"])} joined ones. Name one of them '
                'in a config of its own.'
            )
        settings.update(test_mode=True, pipeline=test_pipeline(config, owner))
        settings.pop('filter_cfg', None)
        dataset = DATASETS.build(settings)
    if not len(dataset):
        raise InputError(f'{key}.dataset: expected images, found none.')
    return dataset


def test_pipeline(config: Config, owner: Config) -> list[dict[str, Any]]:
    """The model's test pipeline, loading annotations as the owner does.

    Args:
        config: Config of the model.
        owner: Config of the dataset.

    Returns:
        The steps.

    Raises:
        InputError: Annotations are not loaded, or before images are resized.
    """
    steps = pipeline_of_test(config)
    names = [type_name(step.get('type')) for step in steps]
    if 'LoadAnnotations' not in names:
        raise InputError(
            'test_dataloader.dataset.pipeline: expected LoadAnnotations, so '
            'that predictions can be compared with ground truth, found '
            f'{names}. Insert it after Resize.'
        )
    position = names.index('LoadAnnotations')
    if any('Resize' in name for name in names[position:]):
        raise InputError(
            'test_dataloader.dataset.pipeline: expected LoadAnnotations '
            'after Resize, so that the ground truth is in pixels of the '
            f'original image, found {names}. Move it.'
        )
    theirs = _annotation_steps(owner)
    return [*steps[:position], *theirs, *steps[position + 1 :]]


def loads_masks(config: Config) -> bool:
    """Whether the test pipeline of a config loads the masks of objects.

    Args:
        config: A detection config.

    Returns:
        True if it does.
    """
    return any(step.get('with_mask') for step in _annotation_steps(config))


def _annotation_steps(config: Config) -> list[dict[str, Any]]:
    """The steps of the test pipeline that load annotations."""
    return [
        step
        for step in pipeline_of_test(config)
        if type_name(step.get('type')).endswith('LoadAnnotations')
    ]


def iter_images(
    dataset: BaseDataset, limit: int | None = None
) -> Iterator[tuple[ImageSource, DetDataSample]]:
    """Images of a dataset beside their ground truth.

    Args:
        dataset: A dataset from :func:`build_dataset`.
        limit: Use the first images only.

    Yields:
        The image file, and a data sample with ``gt_instances`` and
        ``ignored_instances`` in pixels of it.

    Raises:
        InputError: The limit is below 1.
    """
    total = _limited(dataset, limit)
    for index in track(range(total), 'drawing', total):
        sample = dataset[index]['data_samples']
        path = Path(sample.img_path)
        yield ImageSource(str(path), path), sample


def _limited(dataset: BaseDataset, limit: int | None) -> int:
    """Number of images used; all where there is no limit."""
    if limit is None:
        return len(dataset)
    if limit < 1:
        raise InputError(f'limit: expected at least 1, found {limit}.')
    return min(len(dataset), limit)
