"""An optimizer that takes no step on values that are not finite."""

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from mmengine.dist import all_reduce
from mmengine.optim import OptimWrapper
from torch import nn

from .values import fallible_values, is_finite


class StepGuard:
    """Watches the losses and gradients of an optimizer wrapper.

    ``backward`` and ``step`` of the wrapper are replaced by ones that look at
    the loss and at the gradients first. The verdict stays on the device;
    only a guard that reads makes the host wait, once a step, just before the
    optimizer would step. Gradients are not judged where a loss scaler does:
    its overflows are no faults.

    Args:
        wrapper: The wrapper around one optimizer.
        model: The model, whose parameters are named.
        reads: Whether the optimizer is kept from stepping, for which the host
            has to know. Otherwise the verdict is for later.

    Attributes:
        culprits: Parameters whose gradient was not finite when a step was
            refused last.
    """

    def __init__(
        self, wrapper: OptimWrapper, model: nn.Module, reads: bool
    ) -> None:
        self.wrapper = wrapper
        self.model = model
        self.reads = reads
        self.culprits: list[str] = []
        scaler = getattr(wrapper, 'loss_scaler', None)
        self._is_scaled = scaler is not None and scaler.is_enabled()
        self._fault: torch.Tensor | None = None
        self._is_agreed = False
        self._backward = wrapper.backward
        self._step = wrapper.step
        self.attach()

    def attach(self) -> None:
        """Watch the wrapper; a new guard does already."""
        vars(self.wrapper).update(
            backward=self._watched_backward, step=self._watched_step
        )

    def remove(self) -> None:
        """Give the wrapper its own methods back."""
        for name in ('backward', 'step'):
            vars(self.wrapper).pop(name, None)

    def take(self) -> torch.Tensor | None:
        """Verdict on what was computed since the last call.

        All processes have to call it, and get the same one.

        Returns:
            1 where a loss or gradient of any process is not finite, else 0; a
            float32 scalar on the device. None where nothing was computed.
        """
        self._agree()
        fault, self._fault, self._is_agreed = self._fault, None, False
        return fault

    def _watched_backward(self, loss: torch.Tensor, **options: Any) -> None:
        """Propagate a loss, of shape (), and note whether it is finite."""
        self._note(is_finite(loss.detach()))
        self._backward(loss, **options)

    def _watched_step(self, **options: Any) -> None:
        """Step, unless the values are known not to be finite."""
        if not self._is_scaled:
            verdict = gradients_are_finite(_parameters(self.wrapper))
            if verdict is not None:
                self._note(verdict)
        self._agree()
        if self.reads and self._fault is not None and bool(self._fault):
            self.culprits = _non_finite_gradients(self.model)
            return
        self._step(**options)

    def _note(self, verdict: torch.Tensor) -> None:
        """Take in whether something is finite, a bool scalar."""
        fault = verdict.logical_not().float()
        if self._fault is not None:
            fault = torch.maximum(fault, self._fault)
        self._fault, self._is_agreed = fault, False

    def _agree(self) -> None:
        """Let all processes have the worst verdict."""
        if self._fault is not None and not self._is_agreed:
            all_reduce(self._fault, 'max')
            self._is_agreed = True


def gradients_are_finite(
    parameters: Iterable[nn.Parameter],
) -> torch.Tensor | None:
    """Whether all gradients are finite, however large they are.

    Args:
        parameters: Parameters; those without a gradient do not count.

    Returns:
        A bool scalar on the device of the gradients; None without gradients.
    """
    gradients = [
        values
        for parameter in parameters
        if parameter.grad is not None
        and (values := fallible_values(parameter.grad)) is not None
        and values.numel()
    ]
    if not gradients:
        return None
    if any(gradient.device.type != 'cpu' for gradient in gradients):
        # The largest values: other norms overflow where no gradient does.
        norms = torch._foreach_norm(gradients, torch.inf)
        return torch.isfinite(_stacked(norms)).all()
    # On a CPU this norm is six times as fast, and looking twice is free.
    verdict = torch.isfinite(_stacked(torch._foreach_norm(gradients))).all()
    if bool(verdict):
        return verdict
    return torch.stack([is_finite(gradient) for gradient in gradients]).all()


def _stacked(scalars: Sequence[torch.Tensor]) -> torch.Tensor:
    """N scalars as one tensor, (N,), on the device of the first."""
    device = scalars[0].device
    return torch.stack([scalar.to(device) for scalar in scalars])


def _non_finite_gradients(model: nn.Module) -> list[str]:
    return [
        name
        for name, parameter in model.named_parameters()
        if parameter.grad is not None and not bool(is_finite(parameter.grad))
    ]


def _parameters(wrapper: OptimWrapper) -> Iterable[nn.Parameter]:
    for group in wrapper.param_groups:
        yield from group['params']
