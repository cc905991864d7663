"""Mixed precision wherever the hardware computes in bfloat16."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from mmengine.device import get_device
from mmengine.logging import print_log
from mmengine.optim import OptimWrapper
from torch import nn

from mmvision_ext.registry import OPTIM_WRAPPERS

_CPU_FLAGS = ('amx_bf16', 'avx512_bf16')


@OPTIM_WRAPPERS.register_module()
class MixedPrecisionOptimWrapper(OptimWrapper):
    """Autocast to bfloat16 on GPUs and CPUs that have it, else float32.

    mmengine's AmpOptimWrapper refuses CPUs, and scales losses for float16.
    bfloat16 has the exponents of float32, so nothing is scaled here, and
    weights, gradients and the optimizer's state stay float32. Which of the
    two precisions is in force is said once in the log.

    Args:
        optimizer: The optimizer.
        enabled: False trains in float32 on any hardware.
        **options: ``accumulative_counts`` and ``clip_grad`` of mmengine's
            OptimWrapper.
    """

    def __init__(
        self,
        optimizer: torch.optim.Optimizer,
        enabled: bool = True,
        **options: Any,
    ) -> None:
        super().__init__(optimizer, **options)
        self.device_type = torch.device(get_device()).type
        has, reason = bfloat16_support(self.device_type)
        self.enabled = enabled and has
        reason = reason if enabled else 'enabled=False'
        precision = 'bfloat16 autocast' if self.enabled else 'float32'
        print_log(
            f'MixedPrecisionOptimWrapper: {precision} ({reason})',
            logger='current',
            level=logging.INFO,
        )
        self._norms: list[torch.Tensor] | None = None

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """Autocast, and mmengine's context for accumulated gradients.

        Args:
            model: The model that is trained.
        """
        with (
            super().optim_context(model),
            torch.autocast(
                self.device_type, torch.bfloat16, enabled=self.enabled
            ),
        ):
            yield

    def defer_norms(self) -> None:
        """From now on keep norms of clipped gradients for ``take_norms``."""
        self._norms = []

    def take_norms(self) -> list[torch.Tensor]:
        """Norms of the gradients since the last call.

        Returns:
            A scalar on the device for each step that clipped by norm; none
            without ``defer_norms``.
        """
        norms = self._norms or []
        if self._norms is not None:
            self._norms = []
        return norms

    def _clip_grad(self) -> None:
        """Clip as mmengine does, without reading the norm if deferred."""
        if self._norms is None:
            super()._clip_grad()
            return
        parameters = [
            parameter
            for group in self.optimizer.param_groups
            for parameter in group['params']
            if parameter.grad is not None
        ]
        norm = self.clip_func(parameters, **self.clip_grad_kwargs)
        if norm is not None:  # of clip_grad_norm_, not of clip_grad_value_
            self._norms.append(norm.detach())


def bfloat16_support(device_type: str) -> tuple[bool, str]:
    """Whether a kind of device computes in bfloat16 faster than in float32.

    Args:
        device_type: Such as ``'cuda'`` or ``'cpu'``.

    Returns:
        Whether it does, and what tells it.
    """
    if device_type == 'cuda':
        has = torch.cuda.is_bf16_supported(including_emulation=False)
        name = torch.cuda.get_device_name()
        return has, f'{name} {"has" if has else "lacks"} bfloat16'
    if device_type != 'cpu':
        return False, f'not known for {device_type}'
    if not hasattr(torch.cpu, 'get_capabilities'):
        return False, (
            f'PyTorch {torch.__version__} does not tell what the CPU can do; '
            'newer ones have torch.cpu.get_capabilities'
        )
    flags = torch.cpu.get_capabilities()
    found = [flag for flag in _CPU_FLAGS if flags.get(flag)]
    if found:
        return True, f'CPU with {", ".join(found)}'
    return False, f'CPU without {" and ".join(_CPU_FLAGS)}'
