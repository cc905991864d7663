"""Trainings that get a signal at a chosen place."""

import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmengine.evaluator import BaseMetric
from mmengine.hooks import EMAHook, Hook
from mmengine.runner import Runner as StockRunner
from mmengine.runner import set_random_seed

from mmvision_ext.engine.hooks import ExactResumeHook, SignalHook
from mmvision_ext.engine.runner import Runner

from .child_processes import Ending, run_children
from .tiny_training import TinyLines, tiny_runner

STEPS = 4  # of the whole training; two of them are an epoch


class Closeness(BaseMetric):
    """How close the outputs are to zero; a function of the weights alone."""

    default_prefix = 'test'

    def process(self, data_batch: Any, data_samples: Sequence[Any]) -> None:
        """Keep the outputs.

        Args:
            data_batch: Not used.
            data_samples: N outputs, (1,).
        """
        self.results += [output.item() for output in data_samples]

    def compute_metrics(self, results: list) -> dict[str, float]:
        """Average the distances.

        Args:
            results: Outputs.

        Returns:
            ``accuracy``, at most 0.
        """
        return dict(accuracy=-sum(map(abs, results)) / len(results))


class SendSignal(Hook):
    """Sends signals while a step or a validation is under way.

    Args:
        number: The signal.
        step: Steps that are done before.
        place: ``'train'``; or ``'val'``, the validation after these steps.
        to_group: Whether data loading workers get it as well, as from a
            terminal.
        times: How often; 0 sends it until the process ends.
        rank: The process of a distributed job that gets it.
    """

    def __init__(
        self,
        number: int,
        step: int,
        place: str = 'train',
        to_group: bool = True,
        times: int = 1,
        rank: int = 0,
    ) -> None:
        self.number = number
        self.step = step
        self.place = place
        self.to_group = to_group
        self.times = times
        self.rank = rank

    def before_train_iter(
        self, runner: StockRunner, batch_idx: int, data_batch: Any = None
    ) -> None:
        """Send it before a step.

        Args:
            runner: The runner.
            batch_idx: Not used.
            data_batch: Not used.
        """
        if self.place == 'train':
            self._send(runner)

    def before_val_iter(
        self, runner: StockRunner, batch_idx: int, data_batch: Any = None
    ) -> None:
        """Send it within a validation.

        Args:
            runner: The runner.
            batch_idx: Number of the batch; after the first it is sent.
            data_batch: Not used.
        """
        if self.place == 'val' and batch_idx == 1:
            self._send(runner)

    def _send(self, runner: StockRunner) -> None:
        if runner.iter != self.step or runner.rank != self.rank:
            return
        sent = 0
        while sent < self.times or not self.times:
            if self.to_group:
                os.killpg(0, self.number)
            else:
                os.kill(os.getpid(), self.number)
            sent += 1


@dataclass(frozen=True)
class SignalCase:
    """A training and the signal that it gets.

    Attributes:
        number: The signal.
        step: Steps that are done before it.
        place: As of :class:`SendSignal`.
        is_epoch_based: Kind of the training loop.
        workers: Processes that load data.
        processes: Processes that train.
        times: How often the signal is sent; 0 until the process ends.
        is_stock: Whether mmengine's runner and CheckpointHook train.
    """

    number: int = signal.SIGTERM
    step: int = 1
    place: str = 'train'
    is_epoch_based: bool = True
    workers: int = 0
    processes: int = 1
    times: int = 1
    is_stock: bool = False


def interrupt(work_dir: Path, case: SignalCase) -> Ending:
    """Train until the signal.

    Args:
        work_dir: Folder of the run, made here.
        case: The training and its signal.

    Returns:
        How it ended.
    """
    sender = SendSignal(
        case.number,
        case.step,
        case.place,
        to_group=case.processes == 1,
        times=case.times,
        rank=case.processes - 1,
    )
    return _run(work_dir, case, [SignalHook(), sender])


def complete(work_dir: Path, case: SignalCase) -> Ending:
    """Train to the end, from the newest checkpoint where there is one.

    Args:
        work_dir: Folder of the run, made where missing.
        case: The training; no signal is sent.

    Returns:
        How it ended.
    """
    return _run(work_dir, case, [SignalHook()])


def last_checkpoint(case: SignalCase) -> str:
    """Name of the checkpoint that the training ends with.

    Args:
        case: The training.

    Returns:
        Name of the file.
    """
    return f'epoch_{STEPS // 2}.pth' if case.is_epoch_based else 'iter_4.pth'


def _run(work_dir: Path, case: SignalCase, hooks: list[Hook]) -> Ending:
    work_dir.mkdir(parents=True, exist_ok=True)

    def work() -> None:
        _runner(work_dir, case, hooks).train()

    output = work_dir.with_name(f'{work_dir.name}.txt')
    return run_children(work, output, case.processes)


def _runner(
    work_dir: Path, case: SignalCase, hooks: list[Hook]
) -> StockRunner:
    loader = dict(
        dataset=TinyLines(2),
        batch_size=2 // case.processes,
        num_workers=case.workers,
        collate_fn=dict(type='default_collate'),
    )
    kind = 'DefaultSampler' if case.is_epoch_based else 'InfiniteSampler'
    loop = (
        dict(by_epoch=True, max_epochs=STEPS // 2)
        if case.is_epoch_based
        else dict(by_epoch=False, max_iters=STEPS, val_interval=2)
    )
    checkpoint: dict[str, Any] = dict(by_epoch=case.is_epoch_based)
    if not case.is_epoch_based:
        checkpoint['interval'] = 2
    if case.is_stock:
        checkpoint.update(type='CheckpointHook', save_best=None)
    set_random_seed(0)  # the model is made before the runner
    return tiny_runner(
        work_dir,
        runner_class=StockRunner if case.is_stock else Runner,
        checkpoint=checkpoint,
        train_dataloader=dict(loader, sampler=dict(type=kind, shuffle=True)),
        val_dataloader=dict(
            loader, sampler=dict(type='DefaultSampler', shuffle=False)
        ),
        val_evaluator=[Closeness(collect_device='cpu')],
        train_cfg=loop,
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1, momentum=0.9)),
        custom_hooks=[EMAHook(momentum=0.5), ExactResumeHook(), *hooks],
        launcher='pytorch' if case.processes > 1 else 'none',
        log_level='WARNING',
        resume=True,
    )
