"""A classifier that trains on noise, for the cost of one hook."""

import argparse
import time
from dataclasses import dataclass, field
from typing import Any

import torch
from mmengine.runner import Runner
from mmpretrain.structures import DataSample
from torch.utils.data import Dataset

from mmvision_ext.utils import InputError

NUM_CLASSES = 101
WARM_UP = 2  # steps of each kind that do not count

# backbone of mmpretrain, and channels of its last feature map
BACKBONES = {
    'resnet-18': (dict(type='ResNet', depth=18), 512),
    'mobilenet-v2': (dict(type='MobileNetV2'), 1280),
    'efficientnet-lite0': (
        dict(type='TIMMBackbone', model_name='tf_efficientnet_lite0'),
        1280,
    ),
}


@dataclass
class BenchmarkSize:
    """What is trained.

    Attributes:
        image_size: Height and width, in pixels.
        batch_size: Images an iteration.
        repeats: Timed iterations of each kind.

    Raises:
        InputError: A number is not positive.
    """

    image_size: int = 64
    batch_size: int = 16
    repeats: int = 15

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value < 1:
                raise InputError(
                    f'benchmark: expected {name} to be at least 1, found '
                    f'{value}'
                )


@dataclass
class Noise(Dataset):
    """Random images, made once."""

    size: BenchmarkSize
    images: torch.Tensor = field(init=False)

    def __post_init__(self) -> None:
        shape = (self.size.batch_size, 3, *[self.size.image_size] * 2)
        self.images = torch.rand(shape)

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> dict[str, Any]:
        label = index % NUM_CLASSES
        return dict(
            inputs=self.images[index],
            data_samples=DataSample().set_gt_label(label),
        )


def noise_runner(
    backbone: dict[str, Any],
    channels: int,
    work_dir: str,
    size: BenchmarkSize,
    **settings: Any,
) -> Runner:
    """Build the training: two iterations for every repeat, and a warm-up.

    Args:
        backbone: Config of one of mmpretrain's backbones.
        channels: Channels of its last feature map.
        work_dir: Where it writes.
        size: Images and repeats.
        **settings: The hooks, the optimizer and a visualizer, as
            :class:`mmengine.runner.Runner` takes them.

    Returns:
        A runner, not started, without the hooks that write.
    """
    return Runner(
        model=dict(
            type='ImageClassifier',
            backbone=backbone,
            neck=dict(type='GlobalAveragePooling'),
            head=dict(
                type='LinearClsHead',
                num_classes=NUM_CLASSES,
                in_channels=channels,
            ),
        ),
        work_dir=work_dir,
        experiment_name=f'hook-cost-{time.time_ns()}',
        default_scope='mmpretrain',
        train_dataloader=dict(
            dataset=Noise(size),
            batch_size=size.batch_size,
            num_workers=0,
            sampler=dict(type='InfiniteSampler'),
        ),
        train_cfg=dict(by_epoch=False, max_iters=2 * (size.repeats + WARM_UP)),
        default_hooks=dict(
            logger=None, checkpoint=None, timer=None, sampler_seed=None
        ),
        randomness=dict(seed=0),
        log_level='ERROR',
        **settings,
    )


def add_size_arguments(
    parser: argparse.ArgumentParser, repeats: str, help_text: str
) -> None:
    """Add the networks and the size of the benchmark.

    Args:
        parser: Of the tool.
        repeats: Name of the option for :attr:`BenchmarkSize.repeats`.
        help_text: What that option means.
    """
    size = BenchmarkSize()
    parser.add_argument(
        '--backbones',
        nargs='+',
        choices=BACKBONES,
        default=list(BACKBONES),
        help='default: all',
    )
    parser.add_argument(
        '--image-size',
        type=int,
        default=size.image_size,
        help='pixels, default: %(default)s',
    )
    parser.add_argument(
        '--batch-size',
        type=int,
        default=size.batch_size,
        help='default: %(default)s',
    )
    parser.add_argument(
        repeats,
        type=int,
        dest='repeats',
        default=size.repeats,
        help=f'{help_text}, default: %(default)s',
    )
