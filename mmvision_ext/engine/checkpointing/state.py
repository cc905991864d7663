"""The weights inside a checkpoint, under the names of one module."""

from collections.abc import Mapping
from typing import Any

import torch

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
    """
    state = checkpoint.get('state_dict', checkpoint)
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
