"""Images of a config's datasets, as an exported model takes them."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import BaseDataset
from mmengine.registry import DATASETS, DefaultScope
from numpy.typing import NDArray
from torch.utils.data import DataLoader, Subset

from mmvision_ext.apis.model import config_faults
from mmvision_ext.utils import InputError
from mmvision_ext.utils.config.check import check_config
from mmvision_ext.utils.config.dataset_configs import (
    iter_datasets,
    pipeline_of_test,
)

#: (channels, height, width) of one image.
ImageShape: TypeAlias = tuple[int, ...]


@dataclass(frozen=True)
class Batch:
    """Some images of a dataset.

    Attributes:
        images: Pixels from 0 to 255 in the dataset's channel order, shape
            (N, C, H, W), float32.
        labels: Index of the true class, shape (N,), int64; -1 where the
            images have none.
    """

    images: NDArray[np.float32]
    labels: NDArray[np.int64]


class ImageBatches:
    """Batches of a dataset, every image through the test pipeline.

    Args:
        config: A classification config.
        split: ``'train'`` or ``'test'``: which dataset. No image of either
            is augmented.
        batch_size: Images a batch; the last one may have fewer.
        limit: Number of images; None takes all.
        seed: Takes the images in a random order of this seed; None in that
            of the dataset, which usually goes class by class.
        labelled: Whether each image needs a class.

    Raises:
        InputError: The config has no such dataset, or it is not there or
            empty; or, while it is read, an image has no class.
    """

    def __init__(
        self,
        config: Config,
        split: str,
        batch_size: int,
        limit: int | None = None,
        seed: int | None = None,
        labelled: bool = True,
    ) -> None:
        self.dataset = build_dataset(config, split)
        count = len(self.dataset)
        order = list(range(count))
        if seed is not None:
            np.random.default_rng(seed).shuffle(order)
        self.num_images = min(count, limit or count)
        self._loader = DataLoader(
            Subset(self.dataset, order[: self.num_images]),
            batch_size,
            num_workers=config.test_dataloader.get('num_workers', 0),
            collate_fn=partial(_collate, labelled=labelled),
        )

    def __len__(self) -> int:
        return len(self._loader)

    def __iter__(self) -> Iterator[Batch]:
        return iter(self._loader)


def check_size(size: tuple[int, int] | None) -> None:
    """Refuse a size that no image has.

    Args:
        size: Height and width in pixels; None is any.

    Raises:
        InputError: A side is less than 1.
    """
    if size is not None and min(size) < 1:
        raise InputError(
            'input size: expected height and width of at least 1, found '
            f'{size[0]} and {size[1]}.'
        )


def build_dataset(config: Config, split: str) -> BaseDataset:
    """Build a split's dataset with the pipeline of the test.

    Args:
        config: A config of any task.
        split: ``'train'`` or ``'test'``.

    Returns:
        The dataset.

    Raises:
        InputError: The config has no such dataset, or it is not there or
            empty.
    """
    key = f'{split}_dataloader'
    scope = config.get('default_scope')
    with (
        DefaultScope.overwrite_default_scope(scope or 'mmpretrain'),
        config_faults(config, key),
    ):
        check_config(dict(default_scope=scope, **{key: config[key]}), (split,))
        settings = config[key]['dataset'].to_dict()
        for _, member in iter_datasets(settings, f'{key}.dataset'):
            member['pipeline'] = pipeline_of_test(config)  # type: ignore[index]
        dataset = DATASETS.build(settings)
    if not len(dataset):
        raise InputError(f'{key}.dataset: expected images, found none.')
    return dataset


def _collate(samples: list[dict], labelled: bool) -> Batch:
    shapes = {tuple(sample['inputs'].shape) for sample in samples}
    if len(shapes) > 1:
        raise InputError(
            'test_dataloader.dataset.pipeline: expected images of one size, '
            f'found {sorted(shapes)}. End it with a crop, such as '
            "dict(type='CenterCrop', crop_size=224)."
        )
    labels = [sample['data_samples'].get('gt_label') for sample in samples]
    if labelled and any(label is None for label in labels):
        raise InputError(
            'test_dataloader.dataset: expected one class an image (gt_label), '
            'found none. Models of attributes can be exported, not quantised '
            'or pruned.'
        )
    return Batch(
        torch.stack([sample['inputs'] for sample in samples]).float().numpy(),
        np.asarray(
            [-1 if label is None else int(label) for label in labels], np.int64
        ),
    )
