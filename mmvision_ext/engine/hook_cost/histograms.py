"""How much of the training time the histograms take."""

import statistics
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mmengine.device import get_device
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmengine.visualization import TensorboardVisBackend

from mmvision_ext.engine.clock import now
from mmvision_ext.engine.hooks.histogram_hook import HistogramHook
from mmvision_ext.utils.provenance import code_commit, hardware_name
from mmvision_ext.utils.tables import save_csv

from .noise_training import WARM_UP, BenchmarkSize, noise_runner


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
    runner = noise_runner(
        backbone,
        channels,
        work_dir,
        size,
        optim_wrapper=dict(optimizer=dict(type='Adam', lr=1e-4)),
        custom_hooks=[HistogramHook(interval=2), stopwatch],
        visualizer=dict(
            type='Visualizer',
            vis_backends=[dict(type='TensorboardVisBackend')],
        ),
    )
    runner.train()
    runner.visualizer.close()
    counted = stopwatch.seconds[2 * WARM_UP :]
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
            'hardware': hardware_name(get_device()),
            'commit': code_commit(),
            'command': command,
        }
        for name, cost in costs.items()
    ]
    return save_csv(path, list(rows[0]), (row.values() for row in rows))


class _Stopwatch(Hook):
    """Seconds of every training step, writing to disk included."""

    priority = 'LOWEST'

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def before_train_iter(self, runner: Runner, *_: Any, **__: Any) -> None:
        self._start = now()

    def after_train_iter(self, runner: Runner, *_: Any, **__: Any) -> None:
        for backend in runner.visualizer._vis_backends.values():
            if isinstance(backend, TensorboardVisBackend):
                backend.experiment.flush()
        self.seconds.append(now() - self._start)
