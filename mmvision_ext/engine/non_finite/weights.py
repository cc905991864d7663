"""Weights that are worth saving."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import torch
from torch import nn

from mmvision_ext.utils import InputError

_NAMED = 5  # entries in a message
_WRAPPED = 'module.'  # what an averaged model puts before its names


class NonFiniteError(InputError):
    """A loss, a gradient or a weight is not finite."""


def infinite_buffers(model: nn.Module) -> frozenset[str]:
    """Buffers that hold infinite values on purpose, such as attention masks.

    Args:
        model: The model before it is trained.

    Returns:
        Their names; none that holds a NaN.
    """
    return frozenset(
        name
        for name, buffer in model.named_buffers()
        if not _is_finite(buffer) and not bool(buffer.isnan().any())
    )


def require_finite(
    checkpoint: Mapping[str, Any],
    name: str,
    may_be_infinite: Collection[str] = (),
) -> None:
    """Refuse weights, buffers and averages that are not finite.

    Args:
        checkpoint: What is to be saved: ``state_dict``, and
            ``ema_state_dict`` where there is a moving average; tensors of any
            shape.
        name: What it is to be saved as.
        may_be_infinite: Names of entries that may hold infinite values.

    Raises:
        NonFiniteError: A value is not finite.
    """
    faults = [
        f'{part}: {entry}: {count} of {tensor.numel()} values'
        for part in ('state_dict', 'ema_state_dict')
        for entry, tensor in checkpoint.get(part, {}).items()
        if (count := _faults(entry, tensor, may_be_infinite))
    ]
    if faults:
        raise NonFiniteError(
            f'{name}: not saved, since its weights are not finite:'
            f'{"".join(_lines(faults))}\nCheckpoints saved before are as they '
            'were. Resume from one of them, with a lower learning rate or '
            'optim_wrapper.clip_grad=dict(max_norm=...); default_hooks.'
            "non_finite=dict(type='mmvision_ext.NonFiniteHook') stops at the "
            'step that does it and names its images.'
        )


def _is_finite(tensor: torch.Tensor) -> bool:
    return bool(torch.isfinite(tensor).all())


def _faults(entry: str, tensor: Any, may_be_infinite: Collection[str]) -> int:
    """How many values of an entry should not be there."""
    if not isinstance(tensor, torch.Tensor) or _is_finite(tensor):
        return 0
    if entry.removeprefix(_WRAPPED) in may_be_infinite:
        return int(tensor.isnan().sum())
    return int(torch.isfinite(tensor).logical_not().sum())


def _lines(faults: list[str]) -> Iterator[str]:
    for fault in faults[:_NAMED]:
        yield f'\n  {fault}'
    if len(faults) > _NAMED:
        yield f'\n  and {len(faults) - _NAMED} more'
