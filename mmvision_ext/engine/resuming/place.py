"""Where a training stands, beyond what mmengine's checkpoints tell."""

from dataclasses import dataclass, field

import torch
from mmengine.dist import get_world_size
from mmengine.hooks import CheckpointHook, EarlyStoppingHook
from mmengine.runner import EpochBasedTrainLoop, IterBasedTrainLoop, Runner

from mmvision_ext.engine.unwrap import unwrapped


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
    patience: list[list[float]] = field(default_factory=list)


def global_batch(runner: Runner) -> int | None:
    """Samples of a training step of all processes.

    Args:
        runner: The runner, with its training loop.

    Returns:
        How many; None where the batch sampler decides.
    """
    loader = runner.train_loop.dataloader
    size = loader.batch_size or getattr(
        loader.batch_sampler, 'batch_size', None
    )
    return size * get_world_size() if isinstance(size, int) else None


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
    if getattr(runner.optim_wrapper, '_accumulative_counts', 1) == 1:
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
    runner: Runner, gradients: dict[str, torch.Tensor]
) -> None:
    """Put accumulated gradients back.

    Args:
        runner: The runner, with its model.
        gradients: As :func:`accumulated_gradients` gives them.
    """
    parameters = dict(unwrapped(runner.model).named_parameters())
    for name, gradient in gradients.items():
        parameter = parameters[name]
        parameter.grad = gradient.to(parameter.device, parameter.dtype)


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
