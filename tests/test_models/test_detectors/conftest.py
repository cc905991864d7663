"""A small detector whose classes are words."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.structures import InstanceData

from mmvision_ext.registry import MODELS
from mmvision_ext.testing.tiny_words import word_detector_config

Write = Callable[..., str]
Batch = Callable[[list[list[int]]], tuple[torch.Tensor, list[DetDataSample]]]


@pytest.fixture
def detector_config(repository: Path, write_words: Write) -> Any:
    """ResNet-18, a pyramid of 32 channels, few proposals."""
    configs = repository / 'configs'
    return word_detector_config(configs, write_words('words')).model


@pytest.fixture
def detector(detector_config: Any) -> Any:
    """The detector, in training mode."""
    torch.manual_seed(0)
    return MODELS.build(detector_config).train()


@pytest.fixture
def make_batch() -> Batch:
    """Images of 64 px with one 30 px object for each label."""
    return _batch


def _batch(
    labels: list[list[int]],
) -> tuple[torch.Tensor, list[DetDataSample]]:
    generator = torch.Generator().manual_seed(0)
    samples = []
    for image, of_image in enumerate(labels):
        left = torch.arange(len(of_image), dtype=torch.float32)[:, None] * 20
        sample = DetDataSample(
            metainfo=dict(
                img_id=image,
                img_path=f'{image}.jpg',
                img_shape=(64, 64),
                ori_shape=(64, 64),
                pad_shape=(64, 64),
                batch_input_shape=(64, 64),
                scale_factor=(1.0, 1.0),
            )
        )
        sample.gt_instances = InstanceData(
            bboxes=torch.cat([left, left, left + 30, left + 30], 1),
            labels=torch.tensor(of_image, dtype=torch.int64),
        )
        sample.ignored_instances = InstanceData(
            bboxes=torch.zeros(0, 4), labels=torch.zeros(0, dtype=torch.int64)
        )
        samples.append(sample)
    images = torch.randn(len(labels), 3, 64, 64, generator=generator)
    return images, samples
