"""How much of the training time the histograms take."""

import csv
import statistics
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmengine.visualization import TensorboardVisBackend
from mmpretrain.structures import DataSample
from torch.utils.data import Dataset

from mmvision_ext.utils.provenance import code_commit, processor_name

from .histogram_hook import HistogramHook

NUM_CLASSES = 101
_WARM_UP = 2  # iterations of each kind that do not count


@dataclass
class HistogramCost:
    """Median times on one machine.

    Attributes:
        parameters: Number of the model's parameters (tensors).
        values: Number of values in them.
        plain: Seconds of a training iteration without histograms.
        captured: Seconds of one with histograms, until they are on disk.
    """

    parameters: int
    values: int
    plain: float
    captured: float

    def share(self, interval: int) -> float:
        """Part of the training time that the histograms add.

        Args:
            interval: Iterations from one set of histograms to the next.

        Returns:
            The part; 0.02 means 2 %.
        """
        return (self.captured - self.plain) / (interval * self.plain)


@dataclass
class BenchmarkSize:
    """What is trained.

    Attributes:
        image_size: Height and width, in pixels.
        batch_size: Images an iteration.
        repeats: Timed iterations of each kind.
    """

    image_size: int = 64
    batch_size: int = 16
    repeats: int = 15


def measure_histogram_cost(
    backbone: dict[str, Any], channels: int, work_dir: str, size: BenchmarkSize
) -> HistogramCost:
    """Train a classifier and write histograms in every second iteration.

    Iterations of both kinds follow each other in turn, so that other work on
    the machine slows both alike.

    Args:
        backbone: Config of one of mmpretrain's backbones.
        channels: Channels of its last feature map.
        work_dir: Where the event file goes.
        size: Images and repeats.

    Returns:
        The times.
    """
    stopwatch = _Stopwatch()
    iterations = 2 * (size.repeats + _WARM_UP)
    runner = Runner(
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
        experiment_name=f'histogram-cost-{time.time_ns()}',
        default_scope='mmpretrain',
        train_dataloader=dict(
            dataset=Noise(size),
            batch_size=size.batch_size,
            num_workers=0,
            sampler=dict(type='InfiniteSampler'),
        ),
        train_cfg=dict(by_epoch=False, max_iters=iterations),
        optim_wrapper=dict(optimizer=dict(type='Adam', lr=1e-4)),
        default_hooks=dict(
            logger=None, checkpoint=None, timer=None, sampler_seed=None
        ),
        custom_hooks=[HistogramHook(interval=2), stopwatch],
        visualizer=dict(
            type='Visualizer',
            vis_backends=[dict(type='TensorboardVisBackend')],
        ),
        randomness=dict(seed=0),
        log_level='ERROR',
    )
    runner.train()
    runner.visualizer.close()
    counted = stopwatch.seconds[2 * _WARM_UP :]
    parameters = list(runner.model.parameters())
    return HistogramCost(
        len(parameters),
        sum(parameter.numel() for parameter in parameters),
        plain=statistics.median(counted[::2]),
        captured=statistics.median(counted[1::2]),
    )


def write_costs(
    costs: Mapping[str, HistogramCost],
    size: BenchmarkSize,
    interval: int,
    path: str | Path,
    command: str,
) -> Path:
    """Write a row a model, with what one has to know to read it.

    Args:
        costs: Name of the backbone to its times; at least one.
        size: Images and repeats.
        interval: Iterations from one set of histograms to the next, for the
            share of the training time.
        path: CSV file to write; its folder is made where missing.
        command: How the measurement was started.

    Returns:
        The file.
    """
    device = (
        torch.cuda.get_device_name()
        if torch.cuda.is_available()
        else f'{processor_name()}, {torch.get_num_threads()} thread(s)'
    )
    rows = [
        {
            'backbone': name,
            **asdict(size),
            'parameters': cost.parameters,
            'values': cost.values,
            'plain_ms': f'{cost.plain * 1e3:.1f}',
            'histograms_ms': f'{(cost.captured - cost.plain) * 1e3:.1f}',
            'interval': interval,
            'share': f'{cost.share(interval):.5f}',
            'hardware': device,
            'commit': code_commit(),
            'command': command,
        }
        for name, cost in costs.items()
    ]
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open('w', newline='', encoding='utf-8') as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator='\n')
        writer.writeheader()
        writer.writerows(rows)
    return path


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


class _Stopwatch(Hook):
    """Seconds of every training step, writing to disk included."""

    priority = 'LOWEST'

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def before_train_iter(self, runner: Runner, *_: Any, **__: Any) -> None:
        self._start = _now()

    def after_train_iter(self, runner: Runner, *_: Any, **__: Any) -> None:
        for backend in runner.visualizer._vis_backends.values():
            if isinstance(backend, TensorboardVisBackend):
                backend.experiment.flush()
        self.seconds.append(_now() - self._start)


def _now() -> float:
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter()
