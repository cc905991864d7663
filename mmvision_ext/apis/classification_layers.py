"""Outputs of inner layers of a classifier, whatever their layout."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import nn
from torch.utils.hooks import RemovableHandle

from mmvision_ext.utils import InputError
from mmvision_ext.utils.nearest import did_you_mean


class Recorder:
    """Keep what named layers give while the context lasts.

    Args:
        model: The model.
        layers: Dotted names of its parts.

    Raises:
        InputError: There is no layer of such a name.
    """

    def __init__(self, model: nn.Module, layers: Sequence[str]) -> None:
        self._modules = {name: find_layer(model, name) for name in layers}
        self._outputs: dict[str, torch.Tensor] = {}
        self._handles: list[RemovableHandle] = []

    def __enter__(self) -> 'Recorder':
        for name, module in self._modules.items():
            self._handles.append(
                module.register_forward_hook(self._hook(name))
            )
        return self

    def __exit__(self, *_: object) -> None:
        for handle in self._handles:
            handle.remove()

    def last(self, name: str) -> torch.Tensor:
        """What a layer gave most recently.

        Args:
            name: Dotted name of the layer.

        Returns:
            Its output, batch first; of several outputs, such as the stages
            of a backbone, the last.

        Raises:
            InputError: The layer was not used or gave no tensor.
        """
        if name not in self._outputs:
            raise InputError(
                f'layer {name}: expected it to give a tensor when an image '
                'is classified, found none. Choose another layer.'
            )
        return self._outputs[name]

    def _hook(self, name: str) -> Callable[..., Any]:
        def keep(_module: nn.Module, _inputs: Any, output: Any) -> Any:
            found = last_tensor(output)
            if found is None:
                return output
            self._outputs[name] = found
            return _with_copy(output)  # the next layer may work in place

        return keep


def find_layer(model: nn.Module, name: str) -> nn.Module:
    """A part of a model by its dotted name.

    Args:
        model: The model.
        name: Such as ``'backbone.layer4.1'``.

    Returns:
        The part.

    Raises:
        InputError: There is none of this name.
    """
    modules = dict(model.named_modules())
    if name and name in modules:
        return modules[name]
    parts = [child for child, _ in model.named_children()]
    raise InputError(
        f'layer: expected a part of the model, found none named {name!r}'
        f'{did_you_mean(name, modules, 3) or "."} The model has {parts}; '
        'print(model) shows them all.'
    )


def last_tensor(output: Any) -> torch.Tensor | None:
    """The last tensor of what a layer gives.

    Args:
        output: A tensor, or tensors in nested tuples and lists.

    Returns:
        The tensor of any shape, or None where there is none.
    """
    if isinstance(output, torch.Tensor):
        return output
    if isinstance(output, (tuple, list)):
        for item in reversed(output):
            found = last_tensor(item)
            if found is not None:
                return found
    return None


def pooled(output: torch.Tensor, layer: str) -> torch.Tensor:
    """Average a layer's output over its positions.

    Args:
        output: Vectors (N, D), tokens (N, L, D) or maps (N, D, H, W).
        layer: Name of the layer, for messages.

    Returns:
        Shape (N, D), float32.

    Raises:
        InputError: The output has another number of dimensions.
    """
    output = output.float()
    if output.ndim == 4:
        return output.mean(dim=(2, 3))
    if output.ndim == 3:
        return output.mean(dim=1)
    if output.ndim == 2:
        return output
    raise InputError(
        f'layer {layer}: expected maps (N, D, H, W), tokens (N, L, D) or '
        f'vectors (N, D), found shape {tuple(output.shape)}. Choose another '
        'layer.'
    )


def _with_copy(output: Any) -> Any:
    """The same with a copy in the place of its last tensor."""
    if isinstance(output, torch.Tensor):
        return output.clone()
    items = list(output)
    for index in reversed(range(len(items))):
        if last_tensor(items[index]) is not None:
            items[index] = _with_copy(items[index])
            break
    return type(output)(items)
