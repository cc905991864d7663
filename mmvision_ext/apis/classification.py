"""What a classifier says of a dataset."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import BaseDataset
from mmengine.registry import DefaultScope
from mmengine.runner import Runner
from numpy.typing import NDArray
from torch.utils.data import DataLoader

from mmvision_ext.utils import InputError

from .classification_layers import Recorder, pooled
from .model import Classifier, config_faults, load_config
from .progress import track
from .sources import ImageSource

Split = Literal['val', 'test']


@dataclass
class DatasetClassification:
    """Scores of N images for C classes, in the order of the dataset.

    Attributes:
        scores: Probability of each class, shape (N, C), float32.
        labels: Index of the true class, shape (N,), int64.
        paths: File of each image; where the dataset keeps images in memory,
            its name for the image, such as ``apple.webp#12``, or else
            ``image <index>``.
        classes: Names of the classes, C of them.
        features: What the layer asked for gave, pooled over positions, shape
            (N, D), float32; None where none was asked for.
        dataset: Where the images come from; None for results that were not
            computed from one.
    """

    scores: NDArray[np.float32]
    labels: NDArray[np.int64]
    paths: list[str]
    classes: tuple[str, ...]
    features: NDArray[np.float32] | None = None
    dataset: BaseDataset | None = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def predicted(self) -> NDArray[np.int64]:
        """Index of the most probable class, shape (N,)."""
        return self.scores.argmax(axis=1).astype(np.int64)

    @property
    def protocol(self) -> str:
        """How training and test images were chosen, where that is known."""
        if self.dataset is None:
            return ''
        return str(self.dataset.metainfo.get('protocol', ''))

    def source(self, index: int) -> ImageSource:
        """One of the images.

        Args:
            index: Its position, from 0.

        Returns:
            The image, to be read when it is needed.
        """
        if self.dataset is not None:
            info = self.dataset.get_data_info(index)
            if 'img' in info:  # RGB, as mmpretrain's datasets in memory
                pixels = np.ascontiguousarray(info['img'][..., ::-1])
                return ImageSource(self.paths[index], array=pixels)
        return ImageSource(self.paths[index], Path(self.paths[index]))


def classify_dataset(
    model: Classifier,
    config: str | Path | Config,
    split: Split = 'test',
    layer: str | None = None,
) -> DatasetClassification:
    """Classify all images of a config's dataset.

    Args:
        model: A classifier from
            :func:`~mmvision_ext.apis.model.load_classifier`.
        config: Config file or config whose data loader is used, each image
            once and in the dataset's order.
        split: Which data loader, ``'val'`` or ``'test'``.
        layer: Dotted name of the part of the model whose output becomes the
            features, such as ``'backbone'`` (its last stage) or
            ``'backbone.layer3'``; None computes none.

    Returns:
        Scores, labels and, with a layer, features.

    Raises:
        InputError: The config has no such loader, the dataset is empty, has
            other classes than the model or several labels an image, or there
            is no such layer.
    """
    loader = build_loader(load_config(config), split)
    classes = tuple(model.dataset_meta['classes'])
    _check_classes(classes, loader.dataset, split)
    scores, labels, features = [], [], []
    paths: list[str] = []
    with Recorder(model, [layer] if layer else []) as recorder:
        for batch in track(loader, 'classifying', len(loader)):
            with torch.no_grad():
                samples = model.test_step(batch)
            for sample in samples:
                scores.append(class_scores(sample, len(classes)))
                labels.append(_label(sample))
                paths.append(_name(sample, loader.dataset, len(paths)))
            if layer:
                output = pooled(recorder.last(layer), layer).cpu()
                _check_count(output, len(samples), layer)
                features.append(output)
    return DatasetClassification(
        torch.stack(scores).numpy(),
        np.asarray(labels, np.int64),
        paths,
        classes,
        torch.cat(features).numpy() if layer else None,
        loader.dataset,
    )


def build_loader(config: Config, split: Split) -> DataLoader:
    """The config's loader, each image once, in order."""
    key = f'{split}_dataloader'
    with (
        DefaultScope.overwrite_default_scope(
            config.get('default_scope', 'mmpretrain')
        ),
        config_faults(config, key),
    ):
        settings = config[key].to_dict()
        settings.update(
            sampler=dict(type='mmengine.DefaultSampler', shuffle=False),
            drop_last=False,
        )
        settings.pop('batch_sampler', None)
        loader = Runner.build_dataloader(settings)
    if not len(loader.dataset):
        raise InputError(f'{key}.dataset: expected images, found none.')
    return loader


def _check_classes(
    classes: tuple[str, ...], dataset: BaseDataset, split: Split
) -> None:
    theirs = tuple(dataset.metainfo.get('classes') or classes)
    if theirs != classes:
        different = [
            f'{mine!r} and {other!r}'
            for mine, other in zip(classes, theirs, strict=False)
            if mine != other
        ]
        first = f' The first that differ: {different[0]}.' if different else ''
        raise InputError(
            f'{split}_dataloader.dataset: expected the {len(classes)} classes '
            f'that the model was trained on, found {len(theirs)}.{first} Use '
            'the config of the training.'
        )


def _check_count(output: torch.Tensor, expected: int, layer: str) -> None:
    if len(output) != expected:
        raise InputError(
            f'layer {layer}: expected one output per image, found '
            f'{len(output)} for {expected} images (windows or crops?). '
            'Choose another layer.'
        )


def class_scores(sample: Any, num_classes: int) -> torch.Tensor:
    """What a classifier says of an image, checked.

    Args:
        sample: An mmpretrain data sample with ``pred_score``.
        num_classes: Number of class names, C.

    Returns:
        Probabilities, shape (C,), float32, on the CPU.

    Raises:
        InputError: There is not one for each class, or one is not finite.
    """
    score = sample.get('pred_score')
    if score is None or score.shape != (num_classes,):
        found = 'none' if score is None else f'shape {tuple(score.shape)}'
        raise InputError(
            f'predictions: expected pred_score of shape ({num_classes},), one '
            f'probability for each class name, found {found}. The head has '
            'to classify, with as many classes as there are names.'
        )
    if not score.isfinite().all():
        raise InputError(
            f'predictions: expected finite probabilities, found nan or '
            f'infinity for {sample.get("img_path")}: the training diverged, '
            'or the preprocessing is not that of the training.'
        )
    return score.float().cpu()


def _name(sample: Any, dataset: BaseDataset, index: int) -> str:
    """File of an image, else the dataset's name for it, else its number."""
    path = sample.get('img_path')
    if not path and hasattr(dataset, 'get_data_info'):
        path = dataset.get_data_info(index).get('img_name')
    return str(path or f'image {index}')


def _label(sample: Any) -> int:
    label = sample.get('gt_label')
    if label is None or label.numel() != 1:
        found = 'none' if label is None else label.numel()
        raise InputError(
            f'ground truth: expected one label per image, found {found} for '
            f'{sample.get("img_path")}. These tools are for datasets with '
            'one class per image.'
        )
    return int(label)
