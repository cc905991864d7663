"""Losses and gradients that are not finite change no weight."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import torch
from mmengine.dist import get_rank, get_world_size
from mmengine.hooks import Hook
from mmengine.optim import OptimWrapperDict
from mmengine.runner import Runner
from torch import nn

from mmvision_ext.engine.non_finite import (
    Fault,
    NonFiniteError,
    StepGuard,
    samples_of,
    write_fault,
)
from mmvision_ext.engine.unwrap import unwrapped
from mmvision_ext.registry import HOOKS
from mmvision_ext.utils import InputError

_SKIPPED = 'skipped_steps'  # in the checkpoint's message hub
_FOLDER = 'non_finite'


@dataclass
class _Step:
    """A step whose verdict is still on the device."""

    fault: Fault
    names: list[str]  # of the losses
    losses: torch.Tensor
    verdict: torch.Tensor


@HOOKS.register_module()
class NonFiniteHook(Hook):
    """Stop at a loss or gradient that is not finite, or skip the step.

    It works with every optimizer wrapper of mmengine and with gradient
    accumulation, in one process and in several, which agree. The optimizer
    does not step (where there are several, those before it have stepped);
    iteration, losses, images and learning rates go to
    ``WORK_DIR/non_finite/iter_N.json``, and the error names them. Overflows
    that a loss scaler (AmpOptimWrapper) handles by itself are no faults.

    A skipped step leaves weights, the optimizer's state and all buffers, such
    as the statistics of BatchNorm, as they were; gradients that were
    accumulated for the same update are dropped. The step counts: schedules
    go on, and a moving average takes in the unchanged weights once more. Its
    losses that are not finite are left out of the log.

    A guard has to wait for the device once a step. Of a training whose host
    never waits (DeferredRuntimeInfoHook), ``interval`` reads the verdicts of
    many steps at once: at every ``interval``-th iteration, before each save
    and each validation. Weights may have become useless by then, but are
    never saved, and the first such step is the one that is named. On a CPU
    nothing waits: every step is guarded there.

    Args:
        policy: ``'stop'`` or, with one optimizer, ``'skip'``.
        max_skipped: With ``'skip'``, how many steps of the whole training may
            be skipped, those before a resume included; one more stops it.
        interval: On a GPU, iterations from one reading to the next.
        save_inputs: Whether the images of the batch are saved too, in
            ``iter_N.pth``.

    Raises:
        InputError: If the policy is unknown, a number is not positive, or
            ``interval`` is more than 1 and the policy or ``save_inputs``
            needs every step.
    """

    priority = 'HIGHEST'  # before averages, logs and checkpoints

    def __init__(
        self,
        policy: str = 'stop',
        max_skipped: int = 10,
        interval: int = 1,
        save_inputs: bool = False,
    ) -> None:
        if policy not in ('stop', 'skip'):
            raise InputError(
                "NonFiniteHook: expected policy to be 'stop' or 'skip', found "
                f'{policy!r}'
            )
        for name, value in dict(
            max_skipped=max_skipped, interval=interval
        ).items():
            if value < 1:
                raise InputError(
                    f'NonFiniteHook: expected {name} to be at least 1, found '
                    f'{value}'
                )
        if interval > 1 and (policy == 'skip' or save_inputs):
            raise InputError(
                'NonFiniteHook: expected interval=1 with '
                f"policy='skip' or save_inputs=True, found {interval}"
            )
        self.policy = policy
        self.max_skipped = max_skipped
        self.interval = interval
        self.save_inputs = save_inputs
        self._guards: list[StepGuard] = []
        self._pending: list[_Step] = []
        self._buffers: list[torch.Tensor] = []
        self._kept: list[torch.Tensor] = []

    def before_train(self, runner: Runner) -> None:
        """Guard the optimizer.

        Args:
            runner: The runner, with its optimizer wrapper.

        Raises:
            InputError: Steps are to be skipped and there are several
                optimizers.
        """
        wrapper = runner.optim_wrapper
        wrappers = (
            list(wrapper.values())
            if isinstance(wrapper, OptimWrapperDict)
            else [wrapper]
        )
        if self.policy == 'skip' and len(wrappers) > 1:
            raise InputError(
                "NonFiniteHook: expected one optimizer with policy='skip', "
                f'found {len(wrappers)} in optim_wrapper: '
                f'{", ".join(wrapper.keys())}; the first has stepped when the '
                "loss of the next is known. Set policy='stop'"
            )
        model = unwrapped(runner.model)
        reads = self.interval == 1 or not _waits(model)
        self._guards = [StepGuard(one, model, reads) for one in wrappers]
        self._pending = []
        if self.policy == 'skip':
            self._buffers = list(model.buffers())
            self._kept = [buffer.clone() for buffer in self._buffers]

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None
    ) -> None:
        """Keep the buffers, which the forward pass changes.

        Args:
            runner: Not used.
            batch_idx: Not used.
            data_batch: Not used.
        """
        if self._buffers:
            torch._foreach_copy_(self._kept, self._buffers)

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: dict[str, Any] | None = None,
    ) -> None:
        """Judge the step, or keep its verdict for later.

        Args:
            runner: The runner.
            batch_idx: Position of the batch in the epoch, from 0.
            data_batch: The batch, whose images are named.
            outputs: Name to a loss, a scalar on the device, or to a number;
                of a skipped step those that are not finite are taken out.

        Raises:
            NonFiniteError: A loss or gradient is not finite.
        """
        verdicts = [guard.take() for guard in self._guards]
        known = [verdict for verdict in verdicts if verdict is not None]
        if not known:
            return
        worst = torch.stack(known).max()
        outputs = outputs if outputs is not None else {}
        if self._guards[0].reads:
            if bool(worst):
                self._handle(runner, data_batch, outputs)
            return
        self._pending.append(_later(runner, data_batch, outputs, worst))
        if len(self._pending) >= self.interval:
            self._read(runner)

    def after_train_epoch(self, runner: Runner) -> None:
        """Read what is left of the epoch.

        Args:
            runner: The runner.

        Raises:
            NonFiniteError: A loss or gradient is not finite.
        """
        self._read(runner)

    def before_val_epoch(self, runner: Runner) -> None:
        """Measure no weights of which it is not known what they are worth.

        Args:
            runner: The runner.

        Raises:
            NonFiniteError: A loss or gradient is not finite.
        """
        self._read(runner)

    def before_save_checkpoint(
        self, runner: Runner, checkpoint: dict[str, Any]
    ) -> None:
        """Save no weights of which it is not known what they are worth.

        Args:
            runner: The runner.
            checkpoint: Not used.

        Raises:
            NonFiniteError: A loss or gradient is not finite.
        """
        self._read(runner)

    def after_train(self, runner: Runner) -> None:
        """Give the optimizer its own methods back.

        Args:
            runner: Not used.
        """
        for guard in self._guards:
            guard.remove()
        self._guards, self._buffers, self._kept = [], [], []

    def _handle(
        self, runner: Runner, data_batch: Any, outputs: dict[str, Any]
    ) -> None:
        """Record a step that was not taken; stop, or undo what it left."""
        fault = _describe(runner, data_batch)
        fault.losses = _numbers(outputs)
        fault.gradients = sorted(
            {name for guard in self._guards for name in guard.culprits}
        )
        inputs = None
        if self.save_inputs and isinstance(data_batch, dict):
            inputs = data_batch.get('inputs')
        skipped = runner.message_hub.runtime_info.get(_SKIPPED, 0)
        if self.policy == 'stop' or skipped >= self.max_skipped:
            self._stop(runner, fault, inputs)
        runner.message_hub.update_info(_SKIPPED, skipped + 1)
        path = _write(runner, fault, inputs)
        runner.logger.warning(
            f'NonFiniteHook: {fault.summary()}. Step skipped, {skipped + 1} '
            f'of at most {self.max_skipped}; recorded in {path}'
        )
        if self._buffers:
            torch._foreach_copy_(self._buffers, self._kept)
        for guard in self._guards:
            guard.culprits = []
            guard.wrapper.zero_grad()
        for name, value in fault.losses.items():
            if not math.isfinite(value):
                del outputs[name]

    def _read(self, runner: Runner) -> None:
        """Judge the steps since the last reading."""
        pending, self._pending = self._pending, []
        if not pending:
            return
        # The only transfer: device to host, once for all of them.
        verdicts = torch.stack([step.verdict for step in pending]).tolist()
        for step, verdict in zip(pending, verdicts, strict=True):
            if verdict:
                values = step.losses.tolist()
                step.fault.losses = dict(zip(step.names, values, strict=True))
                self._stop(runner, step.fault)

    def _stop(
        self, runner: Runner, fault: Fault, inputs: Any = None
    ) -> NoReturn:
        path = _write(runner, fault, inputs)
        skipped = ''
        if self.policy == 'skip':
            skipped = (
                f' max_skipped={self.max_skipped} steps were skipped before.'
            )
        last = runner.message_hub.runtime_info.get('last_ckpt')
        raise NonFiniteError(
            f'NonFiniteHook: {fault.summary()}.{skipped} Recorded in {path}. '
            f'Last checkpoint: {last or "none of this run"}. Look at these '
            'images and their annotations; lower the learning rate, warm it '
            'up, or set optim_wrapper.clip_grad=dict(max_norm=...); or go on '
            "with --resume and default_hooks.non_finite.policy='skip'."
        )


def _waits(model: nn.Module) -> bool:
    """Whether reading a value makes the host wait for a device."""
    first = next(model.parameters(), None)
    return first is not None and first.device.type != 'cpu'


def _describe(runner: Runner, data_batch: Any) -> Fault:
    """A step without its losses."""
    rates = runner.optim_wrapper.get_lr()
    return Fault(
        iteration=runner.iter + 1,
        epoch=runner.epoch + 1,
        rank=get_rank(),
        samples=samples_of(data_batch),
        learning_rates={name: list(rates[name]) for name in rates},
        seed=runner.seed,
    )


def _numbers(outputs: Mapping[str, Any]) -> dict[str, float]:
    """Values of scalars on any device."""
    return {
        name: value.item() if isinstance(value, torch.Tensor) else value
        for name, value in outputs.items()
        if not isinstance(value, torch.Tensor) or value.numel() == 1
    }


def _later(
    runner: Runner,
    data_batch: Any,
    outputs: Mapping[str, Any],
    verdict: torch.Tensor,
) -> _Step:
    """A step whose values stay on the device."""
    losses = {
        name: value.detach().float()
        for name, value in outputs.items()
        if isinstance(value, torch.Tensor) and not value.dim()
    }
    # A copy: compiled steps may write their next losses there.
    stacked = (
        torch.stack([*losses.values()]) if losses else verdict.new_empty(0)
    )
    return _Step(_describe(runner, data_batch), [*losses], stacked, verdict)


def _write(runner: Runner, fault: Fault, inputs: Any) -> Path:
    folder = Path(runner.work_dir) / _FOLDER
    return write_fault(fault, folder, get_world_size(), inputs)
