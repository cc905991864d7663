"""Train for some steps while the learning rate rises."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.optim import OptimWrapperDict
from mmengine.runner import Runner
from numpy.typing import NDArray

from mmvision_ext.engine.launch import build_runner
from mmvision_ext.engine.short_training import shorten_training
from mmvision_ext.utils import InputError

DIVERGED = 4.0  # times the smallest smoothed loss
SMOOTHING = 0.9  # of the moving average of the loss
_SETTLED = 10  # steps after which a loss may count as diverged
# Those that save, or that stop what this test wants to see.
_WITHOUT = ('exact_resume', 'non_finite', 'histograms', 'training_report')


@dataclass(frozen=True)
class RangeTest:
    """Losses over rising learning rates.

    Attributes:
        rates: ``optim_wrapper.optimizer.lr`` of each step, float64, (N,).
        losses: Loss of each step, float64, (N,).
        diverged: Whether it ended since the loss exploded.
    """

    rates: NDArray[np.float64]
    losses: NDArray[np.float64]
    diverged: bool

    @property
    def smoothed(self) -> NDArray[np.float64]:
        """Moving average of the losses, its start corrected, (N,)."""
        average, smoothed = 0.0, []
        for step, loss in enumerate(self.losses, 1):
            average = SMOOTHING * average + (1 - SMOOTHING) * loss
            smoothed.append(average / (1 - SMOOTHING**step))
        return np.array(smoothed)

    @property
    def steepest(self) -> float:
        """Learning rate at which the smoothed loss falls fastest."""
        slopes = np.gradient(self.smoothed, np.log(self.rates))
        return float(self.rates[np.argmin(slopes)])

    @property
    def least(self) -> float:
        """Learning rate at which the smoothed loss is least."""
        return float(self.rates[np.argmin(self.smoothed)])


def find_range(
    config: Config,
    work_dir: Path,
    steps: int = 100,
    lowest: float = 1e-6,
    highest: float = 1.0,
) -> RangeTest:
    """Let the learning rate rise from step to step, by the same factor.

    The learning rate range test of Smith (Cyclical Learning Rates for
    Training Neural Networks, WACV 2017), on a logarithmic scale. What rises is
    ``optim_wrapper.optimizer.lr``; rates that a config sets for a part of the
    model keep their ratio to it.
    Nothing is saved or validated. It ends early when the smoothed loss is four
    times the smallest one, or not finite.

    Args:
        config: The training config; changed.
        work_dir: Where the log goes.
        steps: Number of steps.
        lowest: Learning rate of the first step.
        highest: Learning rate of the last one.

    Returns:
        The losses.

    Raises:
        InputError: Fewer than 10 steps, or rates that do not rise from above
            0; or several optimizers, or one without a rate above 0; or the
            loss is not finite before the tenth step.
    """
    if steps < _SETTLED or not 0 < lowest < highest:
        raise InputError(
            f'learning rates: expected at least {_SETTLED} steps and 0 < '
            f'lowest < highest, found {steps} steps, {lowest} and {highest}'
        )
    shorten_training(config, work_dir, steps, 'learning-rate-range')
    for name in _WITHOUT:
        config.default_hooks.pop(name, None)
    hook = _RisingRate(steps, lowest, highest)
    runner = build_runner(config)
    runner.register_hook(hook)
    try:
        runner.train()
    except _Diverged:
        pass
    if len(hook.losses) < _SETTLED:
        raise InputError(
            f'{config.filename}: the loss was not finite after '
            f'{len(hook.losses) + 1} steps, at learning rates up to '
            f'{hook.rates[-1]:.2g}. Begin with a lower one (--lowest).'
        )
    count = len(hook.losses)
    return RangeTest(
        np.array(hook.rates[:count]), np.array(hook.losses), hook.diverged
    )


class _Diverged(Exception):
    """There is nothing more to see."""


class _RisingRate(Hook):
    """Sets the learning rate of each step and notes its loss."""

    priority = 'VERY_LOW'

    def __init__(self, steps: int, lowest: float, highest: float) -> None:
        self.schedule = np.geomspace(lowest, highest, steps)
        self.rates: list[float] = []
        self.losses: list[float] = []
        self.diverged = False
        self._ratios: list[float] = []
        self._average = 0.0
        self._least = math.inf

    def before_train(self, runner: Runner) -> None:
        """Note by how much parts of the model differ."""
        wrapper = runner.optim_wrapper
        if isinstance(wrapper, OptimWrapperDict):
            raise InputError(
                'optim_wrapper: expected a single optimizer, found '
                f'{", ".join(wrapper.keys())}'
            )
        base = wrapper.optimizer.defaults['lr']
        if base <= 0:
            raise InputError(
                'optim_wrapper.optimizer.lr: expected a rate above 0, found '
                f'{base}'
            )
        self._ratios = [group['lr'] / base for group in wrapper.param_groups]

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None
    ) -> None:
        """Set the rates of a step."""
        rate = float(self.schedule[batch_idx])
        groups = runner.optim_wrapper.param_groups
        for group, ratio in zip(groups, self._ratios, strict=True):
            group['lr'] = rate * ratio
        self.rates.append(rate)

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: dict[str, Any] | None = None,
    ) -> None:
        """Note the loss; end where it has exploded.

        Raises:
            _Diverged: It has.
        """
        loss = float((outputs or {})['loss'])
        if not math.isfinite(loss):
            self.diverged = True
            raise _Diverged
        self.losses.append(loss)
        self._average = SMOOTHING * self._average + (1 - SMOOTHING) * loss
        smoothed = self._average / (1 - SMOOTHING ** len(self.losses))
        self._least = min(self._least, smoothed)
        if batch_idx >= _SETTLED and smoothed > DIVERGED * abs(self._least):
            self.diverged = True
            raise _Diverged
