"""Weights that are worth saving."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import torch
from torch import nn

from mmvision_ext.utils import InputError

from .values import fallible_values, is_finite

_NAMED = 5  # entries in a message
_WRAPPED = 'module.'  # what an averaged model puts before its names
_NAN = ' may be NaN'  # after the name of a buffer that may


class NonFiniteError(InputError):
    """A loss, a gradient or a weight is not finite."""


def non_finite_at_start(model: nn.Module) -> frozenset[str]:
    """Values that are not finite on purpose, though no step changes them.

    Infinite values are those of buffers and frozen parameters, such as
    attention masks; NaN is that of buffers, such as ones to be filled later.

    Args:
        model: The model before it is trained.

    Returns:
        What :func:`require_finite` takes as ``may_be_non_finite``: names of
        buffers and frozen parameters with infinite values; those of buffers
        with a NaN a second time, with that added.
    """
    names = set()
    for name, buffer in model.named_buffers():
        if not bool(is_finite(buffer)):
            names.add(name)
            if _nans(buffer):
                names.add(f'{name}{_NAN}')
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad and not bool(is_finite(parameter)):
            names.add(name)
    return frozenset(names)


def require_finite(
    checkpoint: Mapping[str, Any],
    name: str,
    may_be_non_finite: Collection[str] = (),
) -> None:
    """Refuse weights, buffers and averages that are not finite.

    Args:
        checkpoint: What is to be saved: ``state_dict``, and
            ``ema_state_dict`` where there is a moving average; tensors of any
            shape.
        name: What it is to be saved as.
        may_be_non_finite: Entries that need not be finite, as
            :func:`non_finite_at_start` gives them.

    Raises:
        NonFiniteError: A value is not finite.
    """
    faults = [
        f'{part}: {entry}: {count} of {tensor.numel()} values'
        for part in ('state_dict', 'ema_state_dict')
        for entry, tensor in checkpoint.get(part, {}).items()
        if (count := _faults(entry, tensor, may_be_non_finite))
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


def _faults(
    entry: str, tensor: Any, may_be_non_finite: Collection[str]
) -> int:
    """How many values of an entry should not be there."""
    if not isinstance(tensor, torch.Tensor) or bool(is_finite(tensor)):
        return 0
    name = entry.removeprefix(_WRAPPED)
    if f'{name}{_NAN}' in may_be_non_finite:
        return 0
    if name in may_be_non_finite:
        return _nans(tensor)
    values = fallible_values(tensor)
    return 0 if values is None else int((~torch.isfinite(values)).sum())


def _nans(tensor: torch.Tensor) -> int:
    values = fallible_values(tensor)
    return 0 if values is None else int(values.isnan().sum())


def _lines(faults: list[str]) -> Iterator[str]:
    for fault in faults[:_NAMED]:
        yield f'\n  {fault}'
    if len(faults) > _NAMED:
        yield f'\n  and {len(faults) - _NAMED} more'
