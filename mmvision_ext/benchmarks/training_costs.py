"""What the project adds to a training, and what it saves."""

import statistics
import tempfile
from pathlib import Path
from typing import Any

from mmvision_ext.engine.checkpointing.save_cost import measure_save_cost
from mmvision_ext.engine.hook_cost.histograms import measure_histogram_cost
from mmvision_ext.engine.hook_cost.noise_training import (
    BACKBONES,
    BenchmarkSize,
)
from mmvision_ext.engine.hook_cost.non_finite import measure_non_finite_cost
from mmvision_ext.engine.hook_cost.safety import measure_safety_cost
from mmvision_ext.engine.hooks.histogram_hook import HistogramHook
from mmvision_ext.engine.speed import SpeedOptions, measure_speed

from .row import BenchmarkRow

_BACKBONE = 'resnet-18'
_WITHOUT = 'the same step without'
_CALTECH = (
    'configs/caltech101/'
    'mobilenet-v2_conv-gap_finetune_1xb32-50e_caltech101-cut.py'
)
_CIFAR = 'configs/cifar100/resnet20_1xb128-200e_cifar100.py'


def checkpoint_saving(quick: bool) -> list[BenchmarkRow]:
    """Save a checkpoint safely and as mmengine does.

    Args:
        quick: Whether to save a small one, once.

    Returns:
        One row, in wall time: the disk is part of it.
    """
    size = 5.0 if quick else 250.0
    with tempfile.TemporaryDirectory() as folder:
        cost = measure_save_cost(size, Path(folder), 1 if quick else 5, '')
    return [
        BenchmarkRow(
            what=f'a checkpoint of {size:.0f} MB',
            ours=float(str(cost['safe_seconds'])),
            peer_name='mmengine',
            peer=float(str(cost['stock_seconds'])),
            unit='s',
        )
    ]


def non_finite_hook(quick: bool) -> list[BenchmarkRow]:
    """Watch the values of a training step.

    Args:
        quick: Whether to train on small images, for few steps.

    Returns:
        A row a policy of the hook.
    """
    rows = []
    for policy in ('stop', 'skip'):
        with tempfile.TemporaryDirectory() as folder:
            cost = measure_non_finite_cost(
                *_network(), policy, folder, _size(quick)
            )
        rows.append(
            _step(
                f'NonFiniteHook, {policy}', cost.plain, cost.plain + cost.own
            )
        )
    return rows


def histogram_hook(quick: bool) -> list[BenchmarkRow]:
    """Write histograms of weights and gradients now and then.

    Args:
        quick: Whether to train on small images, for few steps.

    Returns:
        One row: the mean step at the hook's own interval.
    """
    with tempfile.TemporaryDirectory() as folder:
        cost = measure_histogram_cost(*_network(), folder, _size(quick))
    share = cost.share(HistogramHook().interval)
    return [_step('HistogramHook', cost.plain, cost.plain * (1 + share))]


def safety_hooks(quick: bool) -> list[BenchmarkRow]:
    """Train with all safety hooks and without, on Caltech-101.

    Args:
        quick: Whether to train few pairs of steps on few images.

    Returns:
        One row.
    """
    pairs, batch = (2, 2) if quick else (30, 16)
    with tempfile.TemporaryDirectory() as folder:
        cost = measure_safety_cost(
            _CALTECH,
            Path(folder),
            pairs,
            options={'train_dataloader.batch_size': batch},
        )
    plain, share = (
        statistics.median(cost.plain),
        statistics.median(cost.shares),
    )
    low, high = cost.interval
    return [
        BenchmarkRow(
            what='all safety hooks, a step of MobileNetV2',
            ours=plain * (1 + share) * 1e3,
            peer_name=_WITHOUT,
            peer=plain * 1e3,
            unit='ms',
            difference=f'they add {share:.2%}, {low:.2%} to {high:.2%}',
        )
    ]


def cifar_training(quick: bool) -> list[BenchmarkRow]:
    """Train ResNet-20 on CIFAR-100 by batches of tensors and the stock way.

    Args:
        quick: Whether to train few iterations.

    Returns:
        A row a precision, in wall time.
    """
    options = SpeedOptions(
        iterations=3 if quick else 10,
        repeats=1 if quick else 3,
        batch_size=16 if quick else 128,
        workers=0,
    )
    with tempfile.TemporaryDirectory() as folder:
        rows, _ = measure_speed(_CIFAR, options, folder, '')
    stock = next(row for row in rows if row.way == 'stock')
    return [
        BenchmarkRow(
            what=f'{row.model}, {row.precision}, batches of {row.batch_size}',
            ours=row.images_per_second,
            peer_name='mmpretrain, float32',
            peer=stock.images_per_second,
            unit='images/s',
        )
        for row in rows
        if row.way == 'ours'
    ]


def _network() -> tuple[dict[str, Any], int]:
    """Config of the backbone, and channels of its last feature map."""
    backbone: Any
    backbone, channels = BACKBONES[_BACKBONE]
    return backbone, channels


def _size(quick: bool) -> BenchmarkSize:
    if quick:
        return BenchmarkSize(image_size=32, batch_size=2, repeats=2)
    return BenchmarkSize(image_size=224, batch_size=16, repeats=10)


def _step(name: str, plain: float, hooked: float) -> BenchmarkRow:
    return BenchmarkRow(
        what=f'{name}, a step of {_BACKBONE}',
        ours=hooked * 1e3,
        peer_name=_WITHOUT,
        peer=plain * 1e3,
        unit='ms',
    )
