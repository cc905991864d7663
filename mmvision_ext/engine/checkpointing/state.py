"""The weights inside a checkpoint, under the names of one module."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import torch

from mmvision_ext.utils import InputError

#: (pattern, replacement) pairs for the names, one after the other.
Renames: TypeAlias = Sequence[tuple[str, str]]

#: Takes off what a saved distributed wrapper puts before all names.
STRIP_WRAPPER: Renames = ((r'^module\.', ''),)


def state_of(
    checkpoint: Mapping[str, Any],
    prefix: str | None = None,
    renames: Renames = STRIP_WRAPPER,
) -> dict[str, torch.Tensor]:
    """Pick the weights out of a checkpoint.

    Args:
        checkpoint: Content of a checkpoint: the weights themselves, or a dict
            that holds them as ``state_dict``.
        prefix: Dotted name of a part, such as ``'backbone'``, with or without
            the last dot. None takes all.
        renames: Changes of the names.

    Returns:
        Name to tensor of any shape, under the changed names, which begin
        after the prefix; empty where nothing lies under the prefix, spelt as
        before or after the changes.

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
        return {_renamed(name, renames): v for name, v in state.items()}
    start = f'{prefix.rstrip(".")}.'
    part = {}
    for name, value in state.items():
        for spelling in (name, _renamed(name, renames)):
            if spelling.startswith(start):
                part[spelling.removeprefix(start)] = value
                break
    return part


def _renamed(name: str, renames: Renames) -> str:
    for pattern, replacement in renames:
        name = re.sub(pattern, replacement, name)
    return name
