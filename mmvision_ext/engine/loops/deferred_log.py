"""Training by epochs without waiting for the device in every iteration."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from mmengine.logging import HistoryBuffer
from mmengine.runner import EpochBasedTrainLoop, Runner
from torch.utils.data import DataLoader

from mmvision_ext.engine.optimizers import MixedPrecisionOptimWrapper
from mmvision_ext.registry import LOOPS
from mmvision_ext.utils import InputError

Losses = Mapping[str, torch.Tensor]

_HISTORY = 1000  # entries of a logged quantity that are kept, at least


@LOOPS.register_module()
class DeferredLogTrainLoop(EpochBasedTrainLoop):
    """mmengine's epoch loop that reads losses only now and then.

    Reading a loss makes the host wait until the device has computed it, so
    that the device then waits for the host. Here losses stay on the device;
    after every ``sync_interval`` iterations of an epoch, and after its last
    one, they are read at once, and ``after_train_iter`` of the hooks gets
    their means over these iterations. In between hooks get
    ``outputs=None``. mmengine's log then has the mean for each of the
    iterations that it covers, so a mean over any window, an epoch or the
    training weighs iterations alike.

    Everything else is as in mmengine's loop: hooks, validation, resuming,
    early stopping. Two things follow from the purpose:

    - the log's smoothing window (``log_processor.window_size``) is at least
      ``sync_interval``: seconds of a single iteration mean nothing where the
      host runs ahead of the device;
    - of each logged quantity the last 1000 values are kept, or those of an
      epoch where it is longer. mmengine copies all of them in every
      iteration.

    The gradient norm is read with the losses where the optimizer wrapper is
    a :class:`~mmvision_ext.engine.optimizers.MixedPrecisionOptimWrapper`;
    mmengine's own waits for it in every step that clips gradients.

    Args:
        runner: The runner.
        dataloader: A data loader or its config.
        max_epochs: Number of epochs.
        sync_interval: Iterations from one reading to the next; best a divisor
            of the interval of LoggerHook.
        **options: ``val_begin``, ``val_interval`` and ``dynamic_intervals``
            of mmengine's loop.

    Raises:
        InputError: If ``sync_interval`` is not positive.
    """

    def __init__(
        self,
        runner: Runner,
        dataloader: DataLoader | dict,
        max_epochs: int,
        sync_interval: int = 50,
        **options: Any,
    ) -> None:
        if sync_interval < 1:
            raise InputError(
                'train_cfg.sync_interval: expected at least 1, found '
                f'{sync_interval}'
            )
        super().__init__(runner, dataloader, max_epochs, **options)
        self.sync_interval = sync_interval
        self._pending: list[Losses] = []

    def run(self) -> torch.nn.Module:
        """Train.

        Returns:
            The trained model.
        """
        processor = self.runner.log_processor
        processor.window_size = max(processor.window_size, self.sync_interval)
        wrapper = self.runner.optim_wrapper
        if isinstance(wrapper, MixedPrecisionOptimWrapper):
            wrapper.defer_norms()
        return super().run()

    def run_epoch(self) -> None:
        """Train for an epoch."""
        self._bound_histories()
        super().run_epoch()

    def run_iter(self, idx: int, data_batch: Sequence[dict]) -> None:
        """Train on one batch.

        Args:
            idx: Position of the batch in the epoch, from 0.
            data_batch: What the data loader gave.
        """
        self.runner.call_hook(
            'before_train_iter', batch_idx=idx, data_batch=data_batch
        )
        losses = self.runner.model.train_step(
            data_batch, optim_wrapper=self.runner.optim_wrapper
        )
        self._pending.append(
            {name: value.detach() for name, value in losses.items()}
        )
        is_last = idx + 1 == len(self.dataloader)
        outputs = None
        if is_last or (idx + 1) % self.sync_interval == 0:
            outputs = self._read()
        self.runner.call_hook(
            'after_train_iter',
            batch_idx=idx,
            data_batch=data_batch,
            outputs=outputs,
        )
        self._iter += 1

    def _read(self) -> dict[str, torch.Tensor]:
        """Means of the losses since the last reading, float64 on the CPU.

        The log gets all but the last of the entries that they stand for;
        mmengine's RuntimeInfoHook writes that one.
        """
        hub, pending = self.runner.message_hub, self._pending
        self._pending = []
        means = {
            name: torch.stack([losses[name].float() for losses in pending])
            for name in pending[0]
        }
        wrapper = self.runner.optim_wrapper
        names, values = list(means), list(means.values())
        norms = []
        if isinstance(wrapper, MixedPrecisionOptimWrapper):
            norms = wrapper.take_norms()
        if norms:
            values.append(torch.stack(norms).float())
        # The only transfer: device to host, once for all of them.
        lengths = [len(value) for value in values]
        parts = torch.cat(values).cpu().double().split(lengths)
        outputs = {
            name: part.mean() for name, part in zip(names, parts, strict=False)
        }
        for name, mean in outputs.items():
            for _ in range(len(pending) - 1):
                hub.update_scalar(f'train/{name}', float(mean))
        for norm in parts[len(names)].tolist() if norms else []:
            hub.update_scalar('train/grad_norm', norm)
        return outputs

    def _bound_histories(self) -> None:
        """Keep no more of the logged training values than can be shown."""
        length = max(_HISTORY, len(self.dataloader), self.sync_interval)
        scalars = self.runner.message_hub.log_scalars
        for name, history in scalars.items():
            if name.startswith('train/') and history.max_length > length:
                values, counts = (part[-length:] for part in history.data)
                scalars[name] = HistoryBuffer(values, counts, length)
