"""Images of a config's datasets, as an exported model takes them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import BaseDataset
from mmengine.registry import DATASETS, DefaultScope
from numpy.typing import NDArray
from torch.utils.data import DataLoader, Subset

from mmvision_ext.utils import InputError
from mmvision_ext.utils.config_check import check_config, iter_datasets

#: (channels, height, width) of one image.
ImageShape: TypeAlias = tuple[int, ...]


@dataclass(frozen=True)
class Batch:
    """Some images of a dataset.

    Attributes:
        images: Pixels from 0 to 255 in the dataset's channel order, shape
            (N, C, H, W), float32.
        labels: Index of the true class, shape (N,), int64.
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

    Raises:
        InputError: The config has no such dataset, or it is not there or
            empty.
    """

    def __init__(
        self,
        config: Config,
        split: str,
        batch_size: int,
        limit: int | None = None,
        seed: int | None = None,
    ) -> None:
        self.dataset = _build_dataset(config, split)
        count = len(self.dataset)
        if not count:
            raise InputError(
                f'{split}_dataloader.dataset: expected images, found none.'
            )
        order = list(range(count))
        if seed is not None:
            np.random.default_rng(seed).shuffle(order)
        self.num_images = min(count, limit or count)
        self._loader = DataLoader(
            Subset(self.dataset, order[: self.num_images]),
            batch_size,
            num_workers=config.test_dataloader.get('num_workers', 0),
            collate_fn=_collate,
        )

    def __len__(self) -> int:
        return len(self._loader)

    def __iter__(self) -> Iterator[Batch]:
        return iter(self._loader)


def loads_from_files(config: Config) -> bool:
    """Whether the test pipeline begins with reading a file.

    Args:
        config: A classification config.

    Returns:
        False for datasets that hold their pixels in memory.

    Raises:
        InputError: The config has no test pipeline.
    """
    first = _test_pipeline(config)[0]['type']
    name = first if isinstance(first, str) else first.__name__
    return name.rpartition('.')[2].startswith('Load')


def _test_pipeline(config: Config) -> list[Any]:
    loader = config.get('test_dataloader') or {}
    for _, dataset in iter_datasets(
        loader.get('dataset'), 'test_dataloader.dataset'
    ):
        if dataset.get('pipeline'):
            return list(dataset['pipeline'])
    raise InputError(
        'test_dataloader.dataset.pipeline: expected transforms, found none '
        f'in {config.filename or "the config"}.'
    )


def _build_dataset(config: Config, split: str) -> BaseDataset:
    """A split's dataset with the pipeline of the test."""
    key = f'{split}_dataloader'
    if not config.get(key):
        raise InputError(
            f'{key}: expected in {config.filename or "the config"}, found '
            'none.'
        )
    check_config(
        dict(default_scope=config.get('default_scope'), **{key: config[key]}),
        (split,),
    )
    settings = config[key]['dataset'].to_dict()
    for _, member in iter_datasets(settings, f'{key}.dataset'):
        member['pipeline'] = _test_pipeline(config)  # type: ignore[index]
    with DefaultScope.overwrite_default_scope(
        config.get('default_scope', 'mmpretrain')
    ):
        return DATASETS.build(settings)


def _collate(samples: list[dict]) -> Batch:
    shapes = {tuple(sample['inputs'].shape) for sample in samples}
    if len(shapes) > 1:
        raise InputError(
            'test_dataloader.dataset.pipeline: expected images of one size, '
            f'found {sorted(shapes)}. End it with a crop, such as '
            "dict(type='CenterCrop', crop_size=224)."
        )
    return Batch(
        torch.stack([sample['inputs'] for sample in samples]).float().numpy(),
        np.asarray(
            [int(sample['data_samples'].gt_label) for sample in samples],
            np.int64,
        ),
    )
