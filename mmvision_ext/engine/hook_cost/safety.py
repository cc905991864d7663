"""How much of a training step the hooks of the runtime bases take."""

import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.runner import Runner
from scipy.stats import binom
from torch import nn

from mmvision_ext.engine.launch import build_runner
from mmvision_ext.engine.short_training import shorten_training
from mmvision_ext.utils import InputError
from mmvision_ext.utils.config.options import merge_options
from mmvision_ext.utils.config.read import read_config
from mmvision_ext.utils.provenance import code_commit, hardware_name

from .noise_training import WARM_UP
from .paired_steps import Clock, SteppedLoop, UncountedResumeHook

# Those that act in every step. A checkpoint costs what the benchmark
# checkpoint_saving.py says, and only where one is saved.
SAFETY_HOOKS = ('exact_resume', 'non_finite', 'signals', 'corrupt_images')
_CONFIDENCE = 0.95


@dataclass
class SafetyCost:
    """Times of pairs of steps, without the hooks and with them.

    Attributes:
        config: The config file.
        plain: Of each pair, the processor's seconds in the step without the
            hooks, its data included.
        guarded: The same with them.
    """

    config: str
    plain: list[float]
    guarded: list[float]

    @property
    def shares(self) -> list[float]:
        """What the hooks add, over the step without them, of each pair."""
        pairs = zip(self.plain, self.guarded, strict=True)
        return [guarded / plain - 1 for plain, guarded in pairs]

    @property
    def interval(self) -> tuple[float, float]:
        """95 % confidence interval of the median share.

        From the order of the shares alone (Conover, Practical nonparametric
        statistics, section 3.2); of less than six pairs, all of them.
        """
        shares = sorted(self.shares)
        below = int(binom.ppf((1 - _CONFIDENCE) / 2, len(shares), 0.5))
        first = max(below - 1, 0)
        return shares[first], shares[-1 - first]

    def row(self, command: str) -> dict[str, object]:
        """Make a row of a table.

        Args:
            command: How the measurement was started.

        Returns:
            Column to value.
        """
        low, high = self.interval
        return {
            'config': self.config,
            'pairs': len(self.shares),
            'plain_ms': f'{statistics.median(self.plain) * 1e3:.1f}',
            'guarded_ms': f'{statistics.median(self.guarded) * 1e3:.1f}',
            'share': f'{statistics.median(self.shares):.4f}',
            'low': f'{low:.4f}',
            'high': f'{high:.4f}',
            'hardware': hardware_name('cpu'),
            'commit': code_commit(),
            'command': command,
        }


def measure_safety_cost(
    path: str | Path,
    work_dir: Path,
    pairs: int,
    options: dict[str, Any] | None = None,
) -> SafetyCost:
    """Train a config with the hooks and without them, step by step in turn.

    Both trainings are in this process, begin with the same weights, read the
    same images in the same order and draw the same random numbers, so that
    their work differs by the hooks alone; their weights are compared at the
    end. Without the hooks the generators are seeded as well, and the clock
    stands still meanwhile. Every second pair begins with the hooks.

    Args:
        path: Config with the hooks of :data:`SAFETY_HOOKS`.
        work_dir: Where the logs go.
        pairs: Of timed steps.
        options: Settings to override, dotted key to value.

    Returns:
        The times.

    Raises:
        InputError: The config has not all of the hooks, there are no pairs,
            or there is a GPU, whose time would not be seen.
        RuntimeError: The weights of the two trainings differ at the end.
    """
    if torch.cuda.is_available():
        raise InputError(
            "benchmark: the processor's time is measured, and this machine "
            'has a GPU: set CUDA_VISIBLE_DEVICES= to leave it out'
        )
    if pairs < 1:
        raise InputError(f'benchmark: expected at least 1 pair, found {pairs}')
    clock = Clock()
    runners = {}
    for guarded in (False, True):
        cfg = read_config(path)
        merge_options(cfg, options or {})
        _shorten(cfg, work_dir, pairs + WARM_UP, guarded)
        runners[guarded] = build_runner(cfg)
    runners[False].register_hook(UncountedResumeHook(clock))
    seconds = _alternate(runners, clock, pairs + WARM_UP)
    if not _are_equal(runners[False].model, runners[True].model):
        raise RuntimeError('the two trainings did not do the same work')
    return SafetyCost(
        str(path), seconds[False][WARM_UP:], seconds[True][WARM_UP:]
    )


def _alternate(
    runners: dict[bool, Runner], clock: Clock, steps: int
) -> dict[bool, list[float]]:
    """Let two trainings take their steps in turn; seconds of each step."""
    seconds: dict[bool, list[float]] = {False: [], True: []}
    loops: dict[bool, SteppedLoop] = {}

    def take_steps() -> None:
        runners[True].model.load_state_dict(runners[False].model.state_dict())
        for number in range(steps):
            for guarded in (False, True) if number % 2 == 0 else (True, False):
                clock.restart()
                loops[guarded].step()
                seconds[guarded].append(clock.seconds())

    # One training begins within the other, and ends before it.
    loops[True] = SteppedLoop(runners[True], steps, take_steps)
    loops[False] = SteppedLoop(runners[False], steps, runners[True].train)
    runners[False].train()
    return seconds


def _are_equal(one: nn.Module, other: nn.Module) -> bool:
    mine, theirs = one.state_dict(), other.state_dict()
    return all(torch.equal(mine[name], theirs[name]) for name in mine)


def _shorten(cfg: Config, work_dir: Path, steps: int, guarded: bool) -> None:
    """Make a training of some steps, which neither saves nor tests."""
    missing = [name for name in SAFETY_HOOKS if name not in cfg.default_hooks]
    if missing:
        raise InputError(
            f'{cfg.filename}: default_hooks has no {", ".join(missing)}. Take '
            'a config on top of _base_/default_runtime_*.py.'
        )
    shorten_training(cfg, work_dir, steps, 'safety-cost')
    for name in () if guarded else SAFETY_HOOKS:
        cfg.default_hooks.pop(name)
    cfg.launcher = 'none'
    cfg.randomness = dict(seed=0)  # of both
    cfg.train_dataloader.num_workers = 0
    cfg.train_dataloader.persistent_workers = False
