"""Losses reach the log without a wait for the device in every iteration."""

from typing import Any

import torch
from mmengine.hooks import RuntimeInfoHook
from mmengine.logging import HistoryBuffer
from mmengine.runner import IterBasedTrainLoop, Runner

from mmvision_ext.engine.optimizers.mixed_precision import (
    MixedPrecisionOptimWrapper,
)
from mmvision_ext.registry import HOOKS
from mmvision_ext.utils import InputError

_HISTORY = 1000  # entries of a logged quantity that are kept, at least


@HOOKS.register_module()
class DeferredRuntimeInfoHook(RuntimeInfoHook):
    """mmengine's RuntimeInfoHook, which reads losses only now and then.

    Reading a loss makes the host wait until the device has computed it, so
    that the device then waits for the host. mmengine's hook reads each loss
    of each iteration. This one keeps them on the device and reads them at
    once: at every ``sync_interval``-th iteration of an epoch, and at its last
    one. An iteration-based training counts as one epoch, as in mmengine. In
    the log each of the iterations that a reading covers then has their mean,
    so that a mean over whole readings, such as an epoch, is exact; a line of
    the log between two readings shows what was read last. A checkpoint
    between them reads as well, so that nothing is lost when it is resumed.

    Loops and other hooks are not concerned: every hook gets the losses of
    every iteration, as tensors on the device, and a hook that reads one waits
    for it.

    Two things follow from the purpose:

    - the log's smoothing window (``log_processor.window_size``) is at least
      ``sync_interval``, or an epoch where that is shorter: seconds of a
      single iteration mean nothing where the host runs ahead of the device;
    - of each logged quantity the last 1000 values are kept, or those of a
      pass over the data or of the window where one is longer: mmengine
      copies all of them in every iteration. Longer windows of
      ``log_processor.custom_cfg``, such as ``'global'``, span these only.

    The gradient norm is read with the losses where the optimizer wrapper is
    a :class:`~mmvision_ext.engine.optimizers.MixedPrecisionOptimWrapper`;
    mmengine's own waits for it in every step that clips gradients.

    It is chosen by ``default_hooks.runtime_info``.

    Args:
        sync_interval: Iterations from one reading to the next; best a divisor
            of the interval of LoggerHook.

    Raises:
        InputError: If ``sync_interval`` is not positive.
    """

    def __init__(self, sync_interval: int = 50) -> None:
        if sync_interval < 1:
            raise InputError(
                'DeferredRuntimeInfoHook: expected sync_interval to be at '
                f'least 1, found {sync_interval}'
            )
        self.sync_interval = sync_interval
        self._pending: dict[str, list[torch.Tensor]] = {}

    def before_train(self, runner: Runner) -> None:
        """Widen the log's window, and have gradient norms kept.

        Args:
            runner: The runner, with its loop and optimizer wrapper.
        """
        super().before_train(runner)
        self._pending = {}
        processor = runner.log_processor
        processor.window_size = max(
            processor.window_size,
            min(self.sync_interval, _epoch_length(runner)),
        )
        wrapper = runner.optim_wrapper
        if isinstance(wrapper, MixedPrecisionOptimWrapper):
            wrapper.defer_norms()

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: dict[str, Any] | None = None,
    ) -> None:
        """Keep the losses, and read them where it is time.

        Args:
            runner: The runner.
            batch_idx: Position of the batch in the epoch, from 0; where
                iteration-based, in the training.
            data_batch: Not used.
            outputs: Name to a loss, a scalar on the device, or to a number,
                which is logged at once.
        """
        for name, value in (outputs or {}).items():
            if isinstance(value, torch.Tensor):
                # A copy: compiled steps may write their next losses there.
                kept = value.detach().clone()
                self._pending.setdefault(name, []).append(kept)
            else:
                runner.message_hub.update_scalar(f'train/{name}', value)
        is_last = batch_idx + 1 == _epoch_length(runner)
        if is_last or self.every_n_inner_iters(batch_idx, self.sync_interval):
            self._read(runner)

    def after_train_epoch(self, runner: Runner) -> None:
        """Read what is left where a training was stopped early.

        Args:
            runner: The runner.
        """
        self._read(runner)

    def before_save_checkpoint(
        self, runner: Runner, checkpoint: dict[str, Any]
    ) -> None:
        """Let the checkpoint's log have all losses so far.

        Args:
            runner: The runner.
            checkpoint: What is saved; changed in place.
        """
        if self._pending:
            self._read(runner)
            state = runner.message_hub.state_dict()
            checkpoint['message_hub']['log_scalars'] = state['log_scalars']

    def _read(self, runner: Runner) -> None:
        """Write to the log what was kept since the last reading."""
        hub, wrapper = runner.message_hub, runner.optim_wrapper
        values, self._pending = self._pending, {}
        norms = []
        if isinstance(wrapper, MixedPrecisionOptimWrapper):
            norms = wrapper.take_norms()
        columns = [kept for kept in (*values.values(), norms) if kept]
        if not columns:
            return
        flat = [torch.stack(column).flatten().float() for column in columns]
        # The only transfer: device to host, once for all of them.
        parts = torch.cat(flat).cpu().double().split([*map(len, columns)])
        for name, part in zip(values, parts, strict=False):
            mean = part.mean().item()
            for _ in range(len(part)):
                hub.update_scalar(f'train/{name}', mean)
        for norm in parts[-1].tolist() if norms else []:
            hub.update_scalar('train/grad_norm', norm)
        _bound_histories(runner)


def _epoch_length(runner: Runner) -> int:
    """Iterations of what mmengine's loop treats as an epoch."""
    loop = runner.train_loop
    if isinstance(loop, IterBasedTrainLoop):
        return loop.max_iters
    return len(loop.dataloader)


def _bound_histories(runner: Runner) -> None:
    """Keep no more of the logged training values than can be shown."""
    length = max(
        _HISTORY,
        len(runner.train_dataloader),
        runner.log_processor.window_size,
    )
    scalars = runner.message_hub.log_scalars
    for name, history in scalars.items():
        if name.startswith('train/') and history.max_length > length:
            values, counts = (part[-length:] for part in history.data)
            scalars[name] = HistoryBuffer(values, counts, length)
