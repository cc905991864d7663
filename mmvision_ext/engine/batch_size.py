"""Effective batch size and what it means for the learning rate."""

from collections.abc import Mapping
from typing import Any

from torch.utils.data import DataLoader


def loader_batch_size(loader: DataLoader) -> int | None:
    """Images of one process in one forward pass.

    Args:
        loader: A data loader.

    Returns:
        How many; None where the batch sampler decides that anew for every
        batch.
    """
    size = loader.batch_size or getattr(
        loader.batch_sampler, 'batch_size', None
    )
    return size if isinstance(size, int) else None


def describe_batch_size(
    world_size: int,
    batch_size: int | None,
    accumulation: int,
    rates: str,
    auto_scale_lr: Mapping[str, Any],
) -> tuple[str, bool]:
    """Say in one line what a step of the optimizer sees.

    mmengine scales the learning rate by processes x batch size over base
    batch size. Steps whose gradients are accumulated are images of the same
    step of the optimizer, but it does not count them.

    Args:
        world_size: Number of processes.
        batch_size: Images of one process in one forward pass; None where the
            batch sampler decides that anew for every batch.
        accumulation: Forward passes of one step of the optimizer.
        rates: The learning rates in force, as text.
        auto_scale_lr: ``base_batch_size``, for which the learning rate of
            the config is meant, and ``enable``.

    Returns:
        The line, and whether the learning rate follows the linear rule as
        far as can be told.
    """
    base = auto_scale_lr.get('base_batch_size')
    if batch_size is None:
        return (
            f'batch size chosen by the batch sampler, on {world_size} '
            f'process(es) x {accumulation} accumulated step(s); learning '
            f'rate {rates}'
            + (f', meant for batch size {base}' if base else ''),
            True,
        )
    effective = world_size * batch_size * accumulation
    text = (
        f'effective batch size {effective} = {world_size} process(es) x '
        f'{batch_size} x {accumulation} accumulated step(s); learning rate '
        f'{rates}'
    )
    if auto_scale_lr.get('enable'):
        text = f'{text}, scaled from base batch size {base}'
        if accumulation == 1:
            return text, True
        return (
            f'{text} to {world_size * batch_size}, since --auto-scale-lr '
            'leaves accumulated steps out: for the linear rule multiply '
            f'optim_wrapper.optimizer.lr by {accumulation}',
            False,
        )
    if base is None or base == effective:
        return text, True
    text = f'{text}, meant for batch size {base}: '
    if accumulation == 1:
        return f'{text}add --auto-scale-lr to scale it linearly', False
    return (
        f'{text}for the linear rule multiply optim_wrapper.optimizer.lr by '
        f'{effective / base:g} (--auto-scale-lr leaves accumulated steps out)',
        False,
    )
