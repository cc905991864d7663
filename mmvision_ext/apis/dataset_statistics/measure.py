"""Counts over the annotations of a dataset; no image is read."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from mmengine.config import Config
from mmengine.dataset import BaseDataset
from mmengine.registry import DATASETS, DefaultScope
from numpy.typing import NDArray

from mmvision_ext.apis.model import config_faults
from mmvision_ext.apis.progress import track
from mmvision_ext.utils import InputError
from mmvision_ext.utils.config.check import check_datasets

Kind = Literal['objects', 'classes', 'attributes']
PRESENT = 0.5  # of a score that says whether there is an attribute


@dataclass
class DatasetStatistics:
    """Counts over N samples and K names.

    Attributes:
        kind: Whether samples have objects, one class, or attributes.
        names: Of the classes or attributes, K.
        objects: Objects of each class, samples of each class, or samples with
            each attribute, int64, (K,).
        samples: Samples with each name, int64, (K,).
        known: Samples of which it is known whether they have the name,
            int64, (K,).
        together: Samples with both names, int64, (K, K).
        total: N.
        ignored: Objects that are neither learnt nor evaluated.
        per_sample: Names of each sample, objects counted each, int64, (N,).
        object_sizes: Width and height of each object in pixels, float64,
            (M, 2).
        image_sizes: Width and height of each image in pixels, float64,
            (I, 2), of those whose annotations say it.
    """

    kind: Kind
    names: tuple[str, ...]
    objects: NDArray[np.int64]
    samples: NDArray[np.int64]
    known: NDArray[np.int64]
    together: NDArray[np.int64]
    total: int
    ignored: int
    per_sample: NDArray[np.int64]
    object_sizes: NDArray[np.float64]
    image_sizes: NDArray[np.float64]

    @property
    def empty(self) -> int:
        """Samples without any name."""
        return int((self.per_sample == 0).sum())


def measure_config(config: Config, split: str) -> DatasetStatistics:
    """Count over the dataset of a config.

    Args:
        config: A detection, classification or attribute config.
        split: ``train``, ``val`` or ``test``.

    Returns:
        The counts.

    Raises:
        InputError: The config has no such loader, the dataset cannot be
            built, or has neither objects, classes nor attributes.
    """
    key = f'{split}_dataloader'
    with (
        config_faults(config, key),
        DefaultScope.overwrite_default_scope(
            config.get('default_scope', 'mmengine')
        ),
    ):
        check_datasets(config, [split])
        dataset = DATASETS.build(config[key].dataset)
    return measure_dataset(dataset)


def measure_dataset(dataset: BaseDataset) -> DatasetStatistics:
    """Count over a dataset.

    Args:
        dataset: Its ``metainfo`` has ``classes``.

    Returns:
        The counts.

    Raises:
        InputError: It has no samples or no class names, or its samples have
            neither objects, classes nor attributes.
    """
    names = tuple(dataset.metainfo.get('classes') or ())
    if not len(dataset) or not names:
        raise InputError(
            f'{type(dataset).__name__}: expected samples and class names, '
            f'found {len(dataset)} samples and {len(names)} names'
        )
    kind = _kind(dataset.get_data_info(0), dataset)
    counts = np.zeros((len(dataset), len(names)), np.int64)
    known = np.ones((len(dataset), len(names)), bool)
    ignored, sizes, images = 0, [], []
    for row, info in enumerate(_infos(dataset)):
        if info.get('width') and info.get('height'):
            images.append((info['width'], info['height']))
        if kind == 'objects':
            for item in info['instances']:
                if item.get('ignore_flag'):
                    ignored += 1
                    continue
                left, top, right, bottom = item['bbox']
                sizes.append((right - left, bottom - top))
                counts[row, item['bbox_label']] += 1
        elif kind == 'classes':
            counts[row, np.asarray(info['gt_label'])] += 1
        else:
            counts[row] = np.asarray(info['gt_score']) > PRESENT
            if 'gt_mask' in info:
                known[row] = np.asarray(info['gt_mask'], bool)
    counts *= known
    has = (counts > 0).astype(np.int64)
    return DatasetStatistics(
        kind=kind,
        names=names,
        objects=counts.sum(0),
        samples=has.sum(0),
        known=known.sum(0),
        together=has.T @ has,
        total=len(dataset),
        ignored=ignored,
        per_sample=counts.sum(1),
        object_sizes=np.array(sizes, np.float64).reshape(-1, 2),
        image_sizes=np.array(images, np.float64).reshape(-1, 2),
    )


def _infos(dataset: BaseDataset) -> Iterator[Mapping[str, Any]]:
    indices = range(len(dataset))
    for index in track(indices, 'annotations', len(dataset)):
        yield dataset.get_data_info(index)


def _kind(info: Mapping[str, Any], dataset: BaseDataset) -> Kind:
    if 'instances' in info:
        return 'objects'
    if 'gt_score' in info:
        return 'attributes'
    if 'gt_label' in info:
        return 'classes'
    raise InputError(
        f'{type(dataset).__name__}: expected instances, gt_label or gt_score '
        f'in a sample, found {", ".join(info)}'
    )
