"""The weights inside a checkpoint, under the names of one module."""

from collections.abc import Mapping
from typing import Any

import torch

from mmvision_ext.utils import InputError

_WRAPPER = 'module.'  # what a saved distributed wrapper puts before all names


def state_of(
    checkpoint: Mapping[str, Any], prefix: str | None = None
) -> dict[str, torch.Tensor]:
    """Pick the weights out of a checkpoint.

    Args:
        checkpoint: Content of a checkpoint: the weights themselves, or a dict
            that holds them as ``state_dict``.
        prefix: Dotted name of a part, such as ``'backbone'``, with or without
            the last dot. None takes all.

    Returns:
        Name to tensor of any shape. ``'module.'`` of a distributed wrapper
        is gone from the names, and so is the prefix; empty where nothing
        lies under the prefix.

    Raises:
        InputError: ``state_dict`` is no dict, or a name in it is no text.
    """
    state = checkpoint.get('state_dict', checkpoint)
    if not isinstance(state, Mapping):
        raise InputError(
            'checkpoint: expected state_dict to be a dict of weights, found '
            f'{type(state).__name__}. Save model.state_dict() under that key.'
        )
    for name in state:
        if not isinstance(name, str):
            raise InputError(
                'checkpoint: expected names of weights, found the key '
                f'{name!r}. Save what model.state_dict() returns.'
            )
    if prefix is None:
        return {
            name.removeprefix(_WRAPPER): value for name, value in state.items()
        }
    start = f'{prefix.rstrip(".")}.'
    part = {}
    for name, value in state.items():
        for spelling in (name, name.removeprefix(_WRAPPER)):
            if spelling.startswith(start):
                part[spelling.removeprefix(start)] = value
                break
    return part
