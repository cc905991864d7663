"""Give weights the names of another implementation of the same network."""

from collections.abc import Mapping

import torch

from mmvision_ext.utils import InputError


def rename_by_order(
    source: Mapping[str, torch.Tensor], target: Mapping[str, torch.Tensor]
) -> dict[str, torch.Tensor]:
    """Rename a state dict entry by entry, in order.

    Two implementations of one network usually declare the same layers in the
    same order under different names. Shapes are compared entry by entry, so a
    different order is noticed wherever it changes a shape.

    Args:
        source: Name to tensor of any shape, in the order of the layers.
        target: Name to tensor of any shape: the state dict of the model that
            is to load the result.

    Returns:
        The tensors of ``source`` under the names of ``target``.

    Raises:
        InputError: If the counts or a shape differ.
    """
    if len(source) != len(target):
        raise InputError(
            f'expected {len(target)} entries, found {len(source)}: the '
            'weights are of another network'
        )
    renamed = {}
    for (name, value), (new_name, wanted) in zip(
        source.items(), target.items(), strict=True
    ):
        if value.shape != wanted.shape:
            raise InputError(
                f'{name} has shape {tuple(value.shape)}, {new_name} has '
                f'{tuple(wanted.shape)}: the weights are of another network, '
                'or declare their layers in another order'
            )
        renamed[new_name] = value
    return renamed
