"""Weights of another library for a backbone of the hosts."""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import nn

from mmvision_ext.engine.checkpointing import (
    LoadReport,
    match_state_dict,
    read_checkpoint,
    rename_by_order,
)
from mmvision_ext.utils import InputError

State = dict[str, torch.Tensor]

COUNTER = 'num_batches_tracked'  # of BatchNorm; files before 2019 lack it


def read_weights(file: str | Path) -> State:
    """Read a state dict of torchvision, timm or a host.

    Args:
        file: A file of ``torch.save`` or ``*.safetensors``, or an http(s)
            address of one.

    Returns:
        Name to tensor of any shape, in the order of the file.

    Raises:
        InputError: If the file cannot be read without running code from it,
            or holds no weights.
    """
    content: Mapping = read_checkpoint(file)
    for key in ('state_dict', 'model'):
        if isinstance(content.get(key), Mapping):
            content = content[key]
    state = {
        name.removeprefix('module.'): value
        for name, value in content.items()
        if isinstance(name, str) and isinstance(value, torch.Tensor)
    }
    if not state:
        raise InputError(
            f'{file}: expected a state dict, found no tensor under the keys '
            f'{sorted(map(str, content))[:5]}'
        )
    return state


def convert_to_backbone(
    source: Mapping[str, torch.Tensor], backbone: nn.Module
) -> tuple[State, LoadReport]:
    """Give weights the names of a backbone.

    Where the names fit already they are kept. Otherwise the layers are taken
    in order, which holds where both libraries declare them alike; a shape
    that differs is an error. What follows the backbone's last layer, such as
    a classifier, is left out and reported as not used.

    Equal shapes in another order cannot be noticed here: look at what the
    converted weights predict.

    Args:
        source: Name to tensor of any shape, in the order of the layers.
        backbone: The module that is to load the result.

    Returns:
        The weights under the names of ``backbone``, and the account of what
        they fill; the names not used are those of ``source``.

    Raises:
        InputError: If the weights are of another network.
    """
    target = backbone.state_dict()
    fitting = [name for name in source if name in target]
    if 2 * len(fitting) > len(target):
        state = dict(source)
    else:
        state = _by_order(source, target)
    report = match_state_dict(target, state)
    return {name: state[name] for name in report.loaded}, report


def _by_order(
    source: Mapping[str, torch.Tensor], target: Mapping[str, torch.Tensor]
) -> State:
    """The source under the target's names; surplus keeps its own."""
    if not any(name.endswith(COUNTER) for name in source):
        target = {
            name: value
            for name, value in target.items()
            if not name.endswith(COUNTER)
        }
    names = list(source)
    first, surplus = names[: len(target)], names[len(target) :]
    renamed = rename_by_order({name: source[name] for name in first}, target)
    return renamed | {name: source[name] for name in surplus}
