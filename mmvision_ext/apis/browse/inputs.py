"""Batches behind the pipeline and the preprocessor, as pixels again."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from mmdet.structures import DetDataSample
from mmengine.config import Config
from mmengine.model import BaseDataPreprocessor
from mmengine.registry import MODELS, DefaultScope
from mmengine.runner import Runner
from mmpretrain.structures import DataSample
from numpy.typing import NDArray

from mmvision_ext.apis.model import config_faults
from mmvision_ext.structures import ClassificationBatch
from mmvision_ext.utils.config.check import check_datasets
from mmvision_ext.utils.type_name import type_name

Split = Literal['train', 'val', 'test']


@dataclass
class NetworkInput:
    """One sample as the network gets it.

    Attributes:
        pixels: RGB, shape (H, W, 3), uint8: the input with its normalisation
            undone, without the padding of its batch.
        sample: What is to be learnt: boxes and masks in these pixels, a
            class, soft targets or attributes.
        metainfo: Of the dataset: classes, palette, attributes.
    """

    pixels: NDArray[np.uint8]
    sample: DetDataSample | DataSample
    metainfo: Mapping[str, Any]


def iter_inputs(config: Config, split: Split) -> Iterator[NetworkInput]:
    """Walk through a data loader, and prepare its batches as the model does.

    Args:
        config: A detection, classification or attribute config.
        split: Which loader; batches of ``train`` are augmented on the way to
            the network as well, by mixup for instance.

    Yields:
        The samples, in the order of the loader's sampler.

    Raises:
        InputError: The config has no such loader, or the dataset cannot be
            built.
    """
    key = f'{split}_dataloader'
    scope = config.get('default_scope', 'mmengine')
    with DefaultScope.overwrite_default_scope(scope):
        with config_faults(config, key):
            check_datasets(config, [split])
            settings = config[key].to_dict()
            settings['num_workers'] = 0
            settings['persistent_workers'] = False
            seed = config.get('randomness', {}).get('seed')
            loader = Runner.build_dataloader(settings, seed=seed)
        preprocessor = _preprocessor(config)
        for batch in loader:
            with torch.no_grad():
                data = preprocessor(batch, training=split == 'train')
            samples = _samples(data['data_samples'])
            for image, sample in zip(data['inputs'], samples, strict=True):
                pixels = _pixels(image, preprocessor)
                shape = sample.get('img_shape', pixels.shape)
                yield NetworkInput(
                    np.ascontiguousarray(pixels[: shape[0], : shape[1]]),
                    sample,
                    loader.dataset.metainfo,
                )


def _preprocessor(config: Config) -> BaseDataPreprocessor:
    """The part of the model that prepares batches, with what hosts default."""
    model = config.model
    settings = dict(
        model.get('data_preprocessor') or config.get('data_preprocessor') or {}
    )
    if config.get('default_scope') == 'mmpretrain':
        settings.setdefault('type', 'mmpretrain.ClsDataPreprocessor')
        if type_name(settings['type']) == 'ClsDataPreprocessor':
            settings.setdefault('batch_augments', model.get('train_cfg'))
    with config_faults(config, 'model'):
        return MODELS.build(settings)


def _samples(samples: Any) -> list[Any]:
    """One data sample an image."""
    if not isinstance(samples, ClassificationBatch):
        return list(samples)
    single = []
    for target in samples.target():
        sample = DataSample()
        if target.ndim:
            sample.set_gt_score(target)
        else:
            sample.set_gt_label(target)
        single.append(sample)
    return single


def _pixels(
    image: torch.Tensor, preprocessor: BaseDataPreprocessor
) -> NDArray[np.uint8]:
    """Undo the normalisation of an image, (3, H, W)."""
    if getattr(preprocessor, '_enable_normalize', True):
        image = image.float() * preprocessor.std + preprocessor.mean
    pixels = image.round().clamp(0, 255).byte().permute(1, 2, 0).cpu().numpy()
    # mmdet's and mmpretrain's names of the same switch; without either the
    # dataset gives RGB.
    is_rgb = getattr(
        preprocessor,
        '_channel_conversion',
        getattr(preprocessor, 'to_rgb', True),
    )
    return pixels if is_rgb else pixels[..., ::-1]
