"""A training that is asked to end saves first."""

import functools
import signal
from types import FrameType
from typing import Any, NoReturn

from mmengine.hooks import CheckpointHook, EMAHook, Hook
from mmengine.runner import Runner

from mmvision_ext.engine.non_finite import non_finite_at_start
from mmvision_ext.engine.stopping import (
    Agreement,
    StopRequest,
    SwappedWeights,
    exit_status,
    shield_workers,
)
from mmvision_ext.engine.unwrap import unwrapped
from mmvision_ext.registry import HOOKS

from .exact_resume_hook import ExactResumeHook
from .safe_checkpoint_hook import SafeCheckpointHook


@HOOKS.register_module()
class SignalHook(Hook):
    """Save after the step under way and end when a signal asks for it.

    SIGINT (Ctrl-C), SIGTERM (scancel, preemption, kill), SIGUSR1 and SIGUSR2
    (of Slurm, ahead of the time limit) let the training write
    ``iter_<steps>.pth``, which ``--resume`` takes and the next regular save
    replaces, and exit with 128 plus the number of the signal: 130, 143, 138,
    140. A second signal, at least a second later, ends it at once.

    In a distributed job it is enough that one process gets the signal: all of
    them save after the same step, one later than the one under way. While a
    single process validates, it saves after the batch under way; several
    processes first end their validation, and save after the next step. So
    does a single one in the second pass of mmpretrain's EMAHook, with the
    weights that are trained: some hooks have seen the validation's results.

    Workers of data loaders obey their training only. Before the training has
    begun, and after its end, signals do what they do without the hook. With
    :class:`ExactResumeHook` the resumed training goes on as if nothing had
    happened; without it mmengine begins the epoch again.
    """

    priority = 'LOWEST'  # all others have seen the step

    def __init__(self) -> None:
        self._request: StopRequest | None = None
        self._agreement: Agreement | None = None
        self._averages: list[SwappedWeights] = []
        self._is_ending = False

    def before_train(self, runner: Runner) -> None:
        """Take over the signals.

        Args:
            runner: The runner, with its loops.
        """
        loop = runner.train_loop
        self._is_ending = False
        self._averages = [
            SwappedWeights(hook)
            for hook in runner.hooks
            if isinstance(hook, EMAHook)
        ]
        self._agreement = Agreement()
        self._request = StopRequest(functools.partial(_is_within, loop))
        if not self._request.watch():
            self._request = None
            runner.logger.warning(
                'SignalHook: not the main thread of its process, so signals '
                'end the training without a save'
            )
        shield_workers(loop.dataloader)
        if runner.val_loop is not None:
            shield_workers(runner.val_loop.dataloader)

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: dict[str, Any] | None = None,
    ) -> None:
        """Save and end, if that was asked for.

        Args:
            runner: The runner.
            batch_idx: Not used.
            data_batch: Not used.
            outputs: Not used.

        Raises:
            SystemExit: A signal asked for the end.
        """
        number = 0
        if self._agreement is not None:
            number = self._agreement.reach(self._received)
        if number:
            self._stop(runner, number, runner.iter + 1)

    def before_val_epoch(self, runner: Runner) -> None:
        """Note whose weights are validated.

        Args:
            runner: Not used.
        """
        for average in self._averages:
            average.begin()

    def after_val_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Any = None,
    ) -> None:
        """Leave a validation, save and end, if that was asked for.

        Args:
            runner: The runner.
            batch_idx: Not used.
            data_batch: Not used.
            outputs: Not used.

        Raises:
            SystemExit: A signal asked for the end.
        """
        if self._agreement is None or self._agreement.is_needed:
            return
        if not self._received or self._is_ending:
            return
        if any(average.is_over for average in self._averages):
            return
        for average in self._averages:
            average.give_back()
        for hook in runner.hooks:
            if isinstance(hook, ExactResumeHook):
                hook.leave_validation()
        self._stop(runner, self._received, runner.iter)

    def after_train(self, runner: Runner) -> None:
        """Give the signals back.

        Args:
            runner: Not used.
        """
        if self._agreement is not None:
            self._agreement.conclude()
        if self._request is not None:
            self._request.release()
        self._agreement = self._request = None
        for average in self._averages:
            average.remove()
        self._averages = []

    def _stop(self, runner: Runner, number: int, steps: int) -> NoReturn:
        """Save the state after a number of steps, and end the process."""
        self._is_ending = True
        meta = dict(epoch=runner.epoch, iter=steps)
        path = _saver(runner).save_interrupted(runner, meta)
        runner.logger.warning(
            f'{signal.Signals(number).name}: saved as {path} after step '
            f'{steps}; --resume goes on from there'
        )
        runner.visualizer.close()
        raise SystemExit(exit_status(number))

    @property
    def _received(self) -> int:
        return self._request.received if self._request else 0


def _is_within(loop: Any, frame: FrameType | None) -> bool:
    """Whether a loop runs in one of the frames that led to this one."""
    while frame is not None:
        if frame.f_locals.get('self') is loop:
            return True
        frame = frame.f_back
    return False


def _saver(runner: Runner) -> SafeCheckpointHook:
    """The runner's hook that saves safely, or one to the same folder."""
    hooks = [hook for hook in runner.hooks if isinstance(hook, CheckpointHook)]
    for hook in hooks:
        if isinstance(hook, SafeCheckpointHook):
            return hook
    saver = SafeCheckpointHook()
    saver.out_dir = hooks[0].out_dir if hooks else runner.work_dir
    saver.may_be_non_finite = non_finite_at_start(unwrapped(runner.model))
    return saver
