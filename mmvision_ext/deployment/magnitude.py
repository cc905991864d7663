"""Magnitude pruning: the smallest weights become zero and stay zero."""

import copy
from collections.abc import Mapping
from typing import Any

import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import nn
from torch.nn.utils import prune

from mmvision_ext.engine.unwrap import unwrapped
from mmvision_ext.utils import InputError


def prune_weights(model: nn.Module, ratio: float) -> dict[str, torch.Tensor]:
    """Set the smallest weights of all layers together to zero, in place.

    Convolutions and linear layers are ranked as one by absolute value (Han
    et al., NeurIPS 2015); biases and normalisation stay.

    Args:
        model: Any model.
        ratio: Share of these weights, in (0, 1).

    Returns:
        Name of each weight to where it is zero, bool, shape of the weight.

    Raises:
        InputError: The ratio cannot be used.
    """
    if not 0 < ratio < 1:
        raise InputError(
            f'ratio: expected a share between 0 and 1, found {ratio}.'
        )
    twin = copy.deepcopy(model)  # pruning puts masks beside the weights
    # It also views weights as flat; the stubs of torch lack this keyword.
    twin.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    layers = {
        f'{name}.weight': layer
        for name, layer in twin.named_modules()
        if isinstance(layer, (nn.Conv1d, nn.Conv2d, nn.Linear))
    }
    prune.global_unstructured(
        [(layer, 'weight') for layer in layers.values()],
        pruning_method=prune.L1Unstructured,
        amount=ratio,
    )
    zeros = {
        name: layer.get_buffer('weight_mask') == 0
        for name, layer in layers.items()
    }
    with torch.no_grad():
        for name, zero in zeros.items():
            model.get_parameter(name).masked_fill_(zero, 0)
    return zeros


class KeepZerosHook(Hook):
    """Put pruned weights back to zero after every step of the optimizer.

    Weights keep their names, so that all checkpoints of the training are
    ordinary ones; momentum and weight decay cannot revive a weight.

    Args:
        zeros: What :func:`prune_weights` returned.
    """

    priority = 'ABOVE_NORMAL'  # before an exponential moving average

    def __init__(self, zeros: Mapping[str, torch.Tensor]) -> None:
        self._zeros = zeros

    def before_train(self, runner: Runner) -> None:
        """Bring the masks to the weights' device and set the zeros.

        Args:
            runner: The runner, its checkpoint loaded.
        """
        weights = self._weights(runner)
        self._zeros = {
            name: zero.to(weights[name].device)
            for name, zero in self._zeros.items()
        }
        self._apply(runner)

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: dict | None = None,
    ) -> None:
        """Set the zeros.

        Args:
            runner: The runner.
            batch_idx: Not used.
            data_batch: Not used.
            outputs: Not used.
        """
        self._apply(runner)

    def _apply(self, runner: Runner) -> None:
        weights = self._weights(runner)
        with torch.no_grad():
            for name, zero in self._zeros.items():
                weights[name].masked_fill_(zero, 0)

    def _weights(self, runner: Runner) -> dict[str, nn.Parameter]:
        return dict(unwrapped(runner.model).named_parameters())
