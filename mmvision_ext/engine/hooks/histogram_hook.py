"""Histograms of weights and gradients in TensorBoard."""

import math
from collections.abc import Mapping
from typing import Any

import torch
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmengine.visualization import TensorboardVisBackend
from torch.utils.hooks import RemovableHandle

from mmvision_ext.engine.unwrap import unwrapped
from mmvision_ext.registry import HOOKS
from mmvision_ext.utils import InputError
from mmvision_ext.utils.listed import listed

from .common import single_optimizer
from .histograms import Histogram, histograms

_NAMED = 5  # tensors that a warning names


@HOOKS.register_module()
class HistogramHook(Hook):
    """Show how the weights and gradients of every layer are distributed.

    Writes the histograms ``weights/NAME`` and ``gradients/NAME`` of every
    parameter, and the scalars ``gradients/total_norm`` (of the finite values)
    and ``gradients/non_finite`` (a number of values), to TensorBoard.

    Gradients are read where the optimizer is about to use them: summed over
    the accumulated steps, averaged over the processes, freed from the loss
    scale of mixed precision, and clipped where clipping is on. No forward or
    backward pass is added. Where the optimizer makes no step in a scheduled
    iteration (accumulation, or a step that the loss scaler skips), its next
    step is shown. Only the first process writes; frozen parameters have a
    histogram of weights only.

    Args:
        interval: Iterations from one set of histograms to the next. The
            default costs less than 2 % of the training time, see
            ``tools/benchmarks/histogram_hook.py``.
        bins: Number of bins of a histogram.

    Raises:
        InputError: If an argument is not positive.
    """

    def __init__(self, interval: int = 200, bins: int = 64) -> None:
        for name, value in (('interval', interval), ('bins', bins)):
            if value < 1:
                raise InputError(
                    f'HistogramHook: expected {name} to be at least 1, found '
                    f'{value}'
                )
        self.interval = interval
        self.bins = bins
        self._due = False
        self._handle: RemovableHandle | None = None

    def before_train(self, runner: Runner) -> None:
        """Listen to the optimizer of the first process.

        Args:
            runner: The runner, with optimizer and visualizer.

        Raises:
            InputError: If the visualizer does not write to TensorBoard, or
                there are several optimizers.
        """
        backend = _tensorboard(runner)
        wrapper = single_optimizer(runner, 'HistogramHook')
        if not is_main_process():
            return

        def write(optimizer: torch.optim.Optimizer, *_: Any) -> None:
            if self._due:
                self._due = False
                self._write(runner, backend, _loss_scale(optimizer))

        self._handle = wrapper.optimizer.register_step_pre_hook(write)

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None
    ) -> None:
        """Ask for histograms where the interval is over.

        Args:
            runner: The runner.
            batch_idx: Not used.
            data_batch: Not used.
        """
        if self.every_n_train_iters(runner, self.interval):
            self._due = True

    def after_train(self, runner: Runner) -> None:
        """Leave the optimizer alone.

        Args:
            runner: Not used.
        """
        if self._handle is not None:
            self._handle.remove()

    def _write(
        self, runner: Runner, backend: TensorboardVisBackend, scale: float
    ) -> None:
        weights = dict(unwrapped(runner.model).named_parameters())
        gradients = {
            name: parameter.grad
            for name, parameter in weights.items()
            if parameter.grad is not None
        }
        self._write_set(runner, backend, 'weights', weights, 1.0)
        found = self._write_set(
            runner, backend, 'gradients', gradients, 1 / scale
        )
        for name, value in (
            ('total_norm', math.sqrt(sum(item.squares for item in found))),
            ('non_finite', sum(item.non_finite for item in found)),
        ):
            backend.add_scalar(f'gradients/{name}', value, runner.iter + 1)

    def _write_set(
        self,
        runner: Runner,
        backend: TensorboardVisBackend,
        kind: str,
        tensors: Mapping[str, torch.Tensor],
        scale: float,
    ) -> list[Histogram]:
        found = histograms(list(tensors.values()), self.bins, scale)
        step = runner.iter + 1
        faults = []
        for name, item in zip(tensors, found, strict=True):
            if item.non_finite:
                faults.append(f'{name} ({item.non_finite} of {item.size})')
            if item.non_finite < item.size:
                _add(backend.experiment, f'{kind}/{name}', item, step)
        if faults:
            runner.logger.warning(
                f'HistogramHook: iteration {step}: {kind} that are not '
                f'finite: {listed(faults, _NAMED)}'
            )
        return found


def _tensorboard(runner: Runner) -> TensorboardVisBackend:
    """The visualizer's first backend that writes to TensorBoard."""
    backends = runner.visualizer._vis_backends.values()
    for backend in backends:
        if isinstance(backend, TensorboardVisBackend):
            return backend
    raise InputError(
        'HistogramHook: expected a TensorboardVisBackend in '
        'visualizer.vis_backends, found '
        f'{[type(backend).__name__ for backend in backends]}; add '
        "dict(type='TensorboardVisBackend') or leave the hook out"
    )


def _loss_scale(optimizer: torch.optim.Optimizer) -> float:
    """What gradients are still multiplied by when the step begins.

    The loss scaler hands fused optimizers the scale; for all others it has
    already divided.
    """
    scale = getattr(optimizer, 'grad_scale', None)
    return 1.0 if scale is None else float(scale)


def _add(writer: Any, tag: str, item: Histogram, step: int) -> None:
    """Write one histogram; the empty bin in front holds the lowest edge."""
    writer.add_histogram_raw(
        tag,
        min=item.low,
        max=item.high,
        num=item.size - item.non_finite,
        sum=item.total,
        sum_squares=item.squares,
        bucket_limits=item.edges,
        bucket_counts=[0, *item.counts],
        global_step=step,
    )
