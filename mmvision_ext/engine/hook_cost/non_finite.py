"""How much of a training step the checks for finite values take."""

import statistics
import time
from dataclasses import dataclass
from typing import Any

import torch
from mmengine.runner import Runner

from mmvision_ext.engine.hooks.non_finite_hook import NonFiniteHook
from mmvision_ext.utils.provenance import code_commit, hardware_name

from .noise_training import WARM_UP, BenchmarkSize, noise_runner

_REPEATS = 100  # of the hook's own work


@dataclass
class NonFiniteCost:
    """Times of pairs of steps, which followed each other, on one machine.

    Attributes:
        policy: Of the hook.
        values: Number of values in the model's parameters.
        plain: Median of the processor's seconds in a step without the hook.
        watched: The same with it.
        own: Median of the processor's seconds in the hook itself.
    """

    policy: str
    values: int
    plain: float
    watched: float
    own: float

    @property
    def share(self) -> float:
        """What the hook does, over a step without it; 0.01 means 1 %."""
        return self.own / self.plain

    def row(self, size: BenchmarkSize, command: str) -> dict[str, object]:
        """Make a row of a table.

        Args:
            size: Images and repeats.
            command: How the measurement was started.

        Returns:
            Column to value.
        """
        return {
            'policy': self.policy,
            'values': self.values,
            'image_size': size.image_size,
            'batch_size': size.batch_size,
            'pairs': size.repeats,
            'plain_ms': f'{self.plain * 1e3:.1f}',
            'watched_ms': f'{self.watched * 1e3:.1f}',
            'own_ms': f'{self.own * 1e3:.2f}',
            'share': f'{self.share:.4f}',
            'hardware': hardware_name('cpu'),
            'commit': code_commit(),
            'command': command,
        }


def measure_non_finite_cost(
    backbone: dict[str, Any],
    channels: int,
    policy: str,
    work_dir: str,
    size: BenchmarkSize,
) -> NonFiniteCost:
    """Train a classifier whose every second step is watched.

    What counts is the time of the processor: other work on the machine does
    not change it much.

    Args:
        backbone: Config of one of mmpretrain's backbones.
        channels: Channels of its last feature map.
        policy: Of the hook.
        work_dir: Where the log goes.
        size: Images and repeats, pairs of steps.

    Returns:
        The times.
    """
    hook = _AlternatingHook(policy)
    runner = noise_runner(
        backbone,
        channels,
        work_dir,
        size,
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=1e-4, momentum=0.9)),
        custom_hooks=[hook],
    )
    runner.train()
    counted = hook.seconds[2 * WARM_UP :]
    plain, watched = counted[::2], counted[1::2]
    return NonFiniteCost(
        policy,
        sum(parameter.numel() for parameter in runner.model.parameters()),
        statistics.median(plain),
        statistics.median(watched),
        statistics.median(hook.own),
    )


class _AlternatingHook(NonFiniteHook):
    """A NonFiniteHook that is there in every second step only."""

    def __init__(self, policy: str) -> None:
        super().__init__(policy)
        self.seconds: list[float] = []
        self.own: list[float] = []
        self._begun = 0.0

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None
    ) -> None:
        is_watched = len(self.seconds) % 2 == 1
        for guard in self._guards:
            (guard.attach if is_watched else guard.remove)()
        self._begun = time.process_time()
        if is_watched:
            super().before_train_iter(runner, batch_idx, data_batch)

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: dict[str, Any] | None = None,
    ) -> None:
        if len(self.seconds) % 2:
            super().after_train_iter(runner, batch_idx, data_batch, outputs)
        self.seconds.append(time.process_time() - self._begun)

    def after_train(self, runner: Runner) -> None:
        """Repeat the hook's own work, on gradients that are all 1."""
        for parameter in runner.model.parameters():
            parameter.grad = torch.ones_like(parameter)
        [guard] = self._guards
        vars(guard).update(_backward=lambda loss: None, _step=lambda: None)
        for _ in range(_REPEATS):
            begun = time.process_time()
            super().before_train_iter(runner, 0)
            guard._watched_backward(torch.ones(()))
            guard._watched_step()
            super().after_train_iter(runner, 0, outputs={})
            self.own.append(time.process_time() - begun)
        super().after_train(runner)
