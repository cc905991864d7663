"""Moving averages of a model in a few kernels."""

import torch
from mmengine.model import ExponentialMovingAverage
from torch import nn

from mmvision_ext.registry import MODELS
from mmvision_ext.utils import InputError


@MODELS.register_module()
class ForeachExponentialMovingAverage(ExponentialMovingAverage):
    """mmengine's exponential moving average, for all tensors at once.

    mmengine's launches kernels for one tensor after the other; here one call
    serves all. For ``ema_type`` of EMAHook; the numbers and the checkpoint
    are those of ExponentialMovingAverage, and with ``gamma`` of
    MomentumAnnealingEMA.

    Args:
        model: The model to average.
        momentum: Weight of the new values.
        gamma: The weight is at least ``gamma / (gamma + updates)``, so that
            the average follows a young model closely; None is no such bound.
        interval: Iterations from one update to the next.
        device: Where the average lies; None is where the model does.
        update_buffers: Whether buffers, such as the statistics of BatchNorm,
            are averaged as well; otherwise they are copied.

    Raises:
        InputError: If ``gamma`` is not positive.
    """

    def __init__(
        self,
        model: nn.Module,
        momentum: float = 0.0002,
        gamma: int | None = None,
        interval: int = 1,
        device: torch.device | None = None,
        update_buffers: bool = False,
    ) -> None:
        super().__init__(model, momentum, interval, device, update_buffers)
        if gamma is not None and gamma <= 0:
            raise InputError(
                f'gamma of the moving average: expected more than 0, found '
                f'{gamma}'
            )
        self.gamma = gamma

    @torch.no_grad()
    def update_parameters(self, model: nn.Module) -> None:
        """Move the average towards a model, or copy it the first time.

        Args:
            model: The model whose parameters are averaged.
        """
        source = (
            model.state_dict()
            if self.update_buffers
            else dict(model.named_parameters())
        )
        steps = int(self.steps)
        if steps == 0:
            names = list(self.avg_parameters)
        else:
            names = [
                name
                for name, value in self.avg_parameters.items()
                if value.is_floating_point()
            ]
        averages = [self.avg_parameters[name].detach() for name in names]
        values = [source[name].detach() for name in names]
        if steps == 0:
            torch._foreach_copy_(averages, values)
        elif steps % self.interval == 0:
            values = [
                value.to(average.device)
                for value, average in zip(values, averages, strict=True)
            ]
            momentum = self.momentum
            if self.gamma is not None:
                momentum = max(momentum, self.gamma / (self.gamma + steps))
            torch._foreach_lerp_(averages, values, momentum)
        if not self.update_buffers:
            buffers = list(self.module.buffers())
            if buffers:
                torch._foreach_copy_(buffers, list(model.buffers()))
        self.steps += 1
