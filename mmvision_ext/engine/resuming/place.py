"""Where a training stands, beyond what mmengine's checkpoints tell."""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from numbers import Integral, Real
from typing import Any

import torch
from mmengine.dist import get_world_size
from mmengine.hooks import CheckpointHook, EarlyStoppingHook
from mmengine.optim import OptimWrapper, OptimWrapperDict
from mmengine.runner import EpochBasedTrainLoop, IterBasedTrainLoop, Runner

from mmvision_ext.engine.batch_size import loader_batch_size
from mmvision_ext.engine.unwrap import unwrapped
from mmvision_ext.utils import InputError

_WEIGHTS = (
    'To go on from its weights, name it in load_from, without --resume; to '
    'resume without this state, take default_hooks.exact_resume out of the '
    'config'
)


@dataclass
class Place:
    """State of a training that mmengine's checkpoints lack.

    Attributes:
        position: Steps done in the epoch; in an iteration-based training, in
            all of it.
        batch: Samples of a step, of all processes; None where it varies.
        processes: Number of processes.
        sampler_seed: Seed of the order of the samples, where it has one.
        is_validated: Whether the validation that follows the last step, if
            any, was done.
        accumulated: Whether gradients wait for further steps.
        gradients: Name of a parameter to its accumulated gradient, of the
            parameter's shape; none where there are several processes, each
            of which has its own.
        counts: Of several optimizers that accumulate gradients, name to the
            number of losses that were propagated for it. Of a single one
            mmengine tells by the step.
        patience: Best score and count of validations without a better one,
            of each EarlyStoppingHook.
    """

    position: int
    batch: int | None
    processes: int
    sampler_seed: int | None
    is_validated: bool
    accumulated: bool = False
    gradients: dict[str, torch.Tensor] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    patience: list[list[float]] = field(default_factory=list)


def _is_count(value: Any) -> bool:
    return (
        isinstance(value, Integral)
        and not isinstance(value, bool)
        and int(value) >= 0
    )


def _is_count_or_none(value: Any) -> bool:
    return value is None or _is_count(value)


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_gradients(value: Any) -> bool:
    return isinstance(value, Mapping) and all(
        isinstance(name, str) and isinstance(gradient, torch.Tensor)
        for name, gradient in value.items()
    )


def _is_counts(value: Any) -> bool:
    return isinstance(value, Mapping) and all(
        isinstance(name, str) and _is_count(count)
        for name, count in value.items()
    )


def _is_patience(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(state, list)
        and len(state) == 2
        and all(isinstance(number, Real) for number in state)
        for state in value
    )


#: What each part of a saved :class:`Place` has to be.
_PARTS: dict[str, tuple[Callable[[Any], bool], str]] = {
    'position': (_is_count, 'a whole number'),
    'batch': (_is_count_or_none, 'a whole number or None'),
    'processes': (_is_count, 'a whole number'),
    'sampler_seed': (_is_count_or_none, 'a whole number or None'),
    'is_validated': (_is_flag, 'True or False'),
    'accumulated': (_is_flag, 'True or False'),
    'gradients': (_is_gradients, 'names and tensors'),
    'counts': (_is_counts, 'names and whole numbers'),
    'patience': (_is_patience, 'pairs of numbers'),
}


def read_place(state: Any, source: str) -> Place:
    """Take a saved place back.

    Args:
        state: What a checkpoint has of it.
        source: Name of the checkpoint.

    Returns:
        The place.

    Raises:
        InputError: Another version wrote it: parts are missing, unknown, or
            of another kind.
    """
    if not isinstance(state, Mapping):
        faults = [f'it is {type(state).__name__}, expected a dict']
    else:
        faults = _part_faults(state)
    if faults:
        raise InputError(
            f'resume: {source}: exact_resume was not written by this version '
            f'of ExactResumeHook: {"; ".join(faults)}. {_WEIGHTS}.'
        )
    return Place(**state)


def _part_faults(state: Mapping[Any, Any]) -> list[str]:
    """What is missing, unknown or of another kind in a saved place."""
    needed = [
        item.name
        for item in fields(Place)
        if item.default is MISSING and item.default_factory is MISSING
    ]
    faults = [f'no {name}' for name in needed if name not in state]
    for name, value in state.items():
        if name not in _PARTS:
            faults.append(f'unknown {name!r}')
        elif not _PARTS[name][0](value):
            faults.append(
                f'{name} is {type(value).__name__}, expected {_PARTS[name][1]}'
            )
    return faults


def global_batch(runner: Runner) -> int | None:
    """Samples of a training step of all processes.

    Args:
        runner: The runner, with its training loop.

    Returns:
        How many; None where the batch sampler decides.
    """
    size = loader_batch_size(runner.train_loop.dataloader)
    return None if size is None else size * get_world_size()


def accumulated_gradients(
    runner: Runner,
) -> tuple[bool, dict[str, torch.Tensor]]:
    """Gradients that wait for further steps.

    Args:
        runner: The runner, after a step.

    Returns:
        Whether there are any, and name of a parameter to its gradient, on the
        CPU, of the parameter's shape. Of several processes each has its own:
        none is given.
    """
    if not any(map(_accumulates, _wrappers(runner).values())):
        return False, {}
    gradients = {
        name: parameter.grad
        for name, parameter in unwrapped(runner.model).named_parameters()
        if parameter.grad is not None
    }
    if get_world_size() > 1:
        return bool(gradients), {}
    return bool(gradients), {
        name: gradient.detach().cpu().clone()
        for name, gradient in gradients.items()
    }


def restore_gradients(
    runner: Runner, gradients: dict[str, torch.Tensor], source: str
) -> None:
    """Put accumulated gradients back.

    Args:
        runner: The runner, with its model.
        gradients: As :func:`accumulated_gradients` gives them.
        source: Name of their checkpoint.

    Raises:
        InputError: They are of another model.
    """
    parameters = dict(unwrapped(runner.model).named_parameters())
    for name, gradient in gradients.items():
        parameter = parameters.get(name)
        if parameter is None or parameter.shape != gradient.shape:
            found = None if parameter is None else tuple(parameter.shape)
            raise InputError(
                f'resume: {source}: exact_resume.gradients are of another '
                f'model: {name}, {tuple(gradient.shape)}, found '
                f'{found or "no such parameter"}. {_WEIGHTS}.'
            )
        parameter.grad = gradient.to(parameter.device, parameter.dtype)


def accumulation_counts(runner: Runner) -> dict[str, int]:
    """How far several optimizers are with the gradients they accumulate.

    Args:
        runner: The runner, with its optimizers.

    Returns:
        Name of an optimizer that accumulates to the number of losses that
        were propagated for it; nothing where there is a single one.
    """
    if not isinstance(runner.optim_wrapper, OptimWrapperDict):
        return {}
    return {
        name: wrapper._inner_count
        for name, wrapper in _wrappers(runner).items()
        if _accumulates(wrapper)
    }


def restore_counts(runner: Runner, counts: dict[str, int]) -> None:
    """Let several optimizers go on where they were.

    Args:
        runner: The runner, with its optimizers.
        counts: As :func:`accumulation_counts` gives them; those of optimizers
            that are not there are left out.
    """
    for name in accumulation_counts(runner).keys() & counts.keys():
        runner.optim_wrapper[name]._inner_count = counts[name]


def _wrappers(runner: Runner) -> dict[str, OptimWrapper]:
    """Wrappers of single optimizers, by name."""
    wrapper = runner.optim_wrapper
    if isinstance(wrapper, OptimWrapperDict):
        return dict(wrapper.items())
    return {'': wrapper}


def _accumulates(wrapper: OptimWrapper) -> bool:
    return getattr(wrapper, '_accumulative_counts', 1) != 1


def patience(runner: Runner) -> list[list[float]]:
    """State of the hooks that stop a training early.

    Args:
        runner: The runner.

    Returns:
        Best score and count of validations without a better one, of each.
    """
    return [
        [float(hook.best_score), hook.wait_count]
        for hook in runner.hooks
        if isinstance(hook, EarlyStoppingHook)
    ]


def restore_patience(runner: Runner, place: Place) -> None:
    """Put the state of the hooks that stop a training early back.

    A checkpoint that is saved for a new best score is saved before such a
    hook, by its priority the last, has seen that score; it is shown it here.

    Args:
        runner: The runner, with the log of the checkpoint.
        place: State of the checkpoint.
    """
    states = iter(place.patience)
    is_later = False
    for hook in runner.hooks:
        is_later |= isinstance(hook, CheckpointHook)
        if not isinstance(hook, EarlyStoppingHook):
            continue
        state = next(states, None)
        if state is None:
            return
        hook.best_score, hook.wait_count = state[0], int(state[1])
        scores = runner.message_hub.log_scalars.get(f'val/{hook.monitor}')
        if is_later and place.is_validated and scores is not None:
            hook.after_val_epoch(runner, {hook.monitor: scores.current()})


def is_validation_due(runner: Runner) -> bool:
    """Whether the loop validates after the steps that were done.

    Args:
        runner: The runner, between two steps, and with an epoch-based loop
            between two epochs.

    Returns:
        Whether it does.
    """
    loop = runner.train_loop
    if runner.val_loop is None:
        return False
    if isinstance(loop, EpochBasedTrainLoop):
        done, end = loop.epoch, loop.max_epochs
    elif isinstance(loop, IterBasedTrainLoop):
        done, end = loop.iter, loop.max_iters
    else:
        return False
    loop._decide_current_val_interval()
    return 0 < done >= loop.val_begin and (
        done % loop.val_interval == 0 or done == end
    )
