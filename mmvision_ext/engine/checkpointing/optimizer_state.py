"""Whether a checkpoint has the state of a training's own optimizer."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from mmengine.optim import OptimWrapper, OptimWrapperDict

from mmvision_ext.utils import InputError

#: Parts of a state that have the shape of their parameter.
_LIKE_PARAMETERS = ('exp_avg', 'exp_avg_sq', 'momentum_buffer', 'square_avg')
#: Settings of a group that torch fills in where an old state lacks them.
_FILLED_IN = {
    'amsgrad',
    'capturable',
    'decoupled_weight_decay',
    'differentiable',
    'foreach',
    'fused',
    'initial_lr',
    'maximize',
    'nesterov',
    'param_names',
}


def require_optimizer_state(
    content: Mapping[str, Any], wrapper: Any, source: str
) -> None:
    """Stop where the optimizer's state is that of another one.

    torch says then that some group has another size, or fails in the first
    step.

    Args:
        content: Content of a checkpoint; without ``optimizer`` it passes.
        wrapper: The optimizer's wrapper, or several of them; anything else,
            such as one that is not built yet, passes.
        source: Name of the checkpoint.

    Raises:
        InputError: Names, groups, their settings, or the numbers and shapes
            of their parameters differ.
    """
    saved = content.get('optimizer')
    if saved is None:
        return
    fault: str | None = None
    if isinstance(wrapper, OptimWrapperDict):
        fault = _named_fault(saved, dict(wrapper.items()))
    elif isinstance(wrapper, OptimWrapper):
        fault = next(_faults(saved, wrapper, 'optimizer'), None)
    if fault:
        raise InputError(
            f'resume: {source}: {fault}. It is of another model, or of '
            'another optim_wrapper; resume with the config of that training, '
            'or, to start from its weights, name it in load_from, without '
            '--resume.'
        )


def _named_fault(
    saved: Any, wrappers: Mapping[str, OptimWrapper]
) -> str | None:
    """The first fault of several optimizers."""
    names = sorted(saved) if isinstance(saved, Mapping) else []
    if names != sorted(wrappers):
        return (
            'optimizer: expected the states of optim_wrapper: '
            f'{", ".join(wrappers)}, found {", ".join(names[:5]) or "none"}'
        )
    faults = (
        fault
        for name, wrapper in wrappers.items()
        for fault in _faults(saved[name], wrapper, f'optimizer.{name}')
    )
    return next(faults, None)


def _faults(saved: Any, wrapper: OptimWrapper, key: str) -> Iterator[str]:
    """What differs between a state and an optimizer."""
    optimizer = wrapper.optimizer
    kind = type(optimizer).__name__
    groups = saved.get('param_groups') if isinstance(saved, Mapping) else None
    if (
        not isinstance(groups, Sequence)
        or not all(_is_group(group) for group in groups)
        or not isinstance(saved.get('state'), Mapping)
    ):
        yield f'{key}: expected state and param_groups of {kind}, found others'
        return
    own = optimizer.param_groups
    if len(groups) != len(own):
        yield (
            f'{key}: expected {len(own)} parameter group(s) for {kind}, found '
            f'{len(groups)}'
        )
        return
    for number, (group, mine) in enumerate(zip(groups, own, strict=True)):
        where = f'{key}.param_groups.{number}'
        if len(group['params']) != len(mine['params']):
            yield (
                f'{where}: expected {len(mine["params"])} parameter(s), found '
                f'{len(group["params"])}'
            )
        lacking = sorted(mine.keys() - group.keys() - _FILLED_IN)
        if lacking:
            yield f'{where}: {kind} needs {", ".join(lacking)}, found none'
        yield from _shape_faults(saved['state'], group, mine, where)


def _is_group(group: Any) -> bool:
    return isinstance(group, Mapping) and isinstance(
        group.get('params'), Sequence
    )


def _shape_faults(
    state: Mapping[Any, Any],
    group: Mapping[str, Any],
    mine: Mapping[str, Any],
    where: str,
) -> Iterator[str]:
    """Averages of gradients that are not shaped as their parameter."""
    for index, parameter in zip(group['params'], mine['params'], strict=False):
        entries = state.get(index)
        for name in _LIKE_PARAMETERS:
            values = entries.get(name) if isinstance(entries, Mapping) else 0
            if (
                isinstance(values, torch.Tensor)
                and values.shape != parameter.shape
            ):
                yield (
                    f'{where}: expected {name} of parameter {index} with '
                    f'shape {tuple(parameter.shape)}, found '
                    f'{tuple(values.shape)}'
                )
