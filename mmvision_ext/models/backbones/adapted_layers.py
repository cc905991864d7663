"""Backbones with a few layers changed, for images of another size."""

from collections.abc import Mapping
from typing import Any, Literal

from torch import nn

from mmvision_ext.registry import MODELS
from mmvision_ext.utils import InputError
from mmvision_ext.utils.nearest import did_you_mean

_ARGUMENTS = ('kernel_size', 'stride', 'padding')

Change = Mapping[str, int] | Literal['average'] | None


@MODELS.register_module()
def adapt_layers(
    backbone: dict[str, Any], layers: Mapping[str, Change]
) -> nn.Module:
    """Build a backbone and change the layers that shrink its input.

    A network for 224 px divides its input by 32 and would leave one position
    of a 32 px image. The module keeps its class and the names of its
    parameters, so that weights of the unchanged network fit wherever kernels
    keep their size.

    Args:
        backbone: Config of the backbone.
        layers: Name of a layer, as in ``named_modules``, to what becomes of
            it: a dict with new values of ``kernel_size``, ``stride`` and
            ``padding`` of a convolution, in pixels; ``'average'`` for the
            mean over all positions, (N, C, H, W) -> (N, C, 1, 1), in its
            place; None for nothing in its place.

    Returns:
        The backbone, an instance of the class that ``backbone`` names.

    Raises:
        InputError: If there is no such layer, or the change does not fit it.

    Example:
        >>> cfg = dict(type='mmpretrain.ResNet', depth=18)
        >>> stem = {'conv1': dict(stride=1), 'maxpool': None}
        >>> adapt_layers(cfg, stem).conv1.stride
        (1, 1)
    """
    model = MODELS.build(backbone)
    for name, change in layers.items():
        place = f"adapt_layers: layers['{name}']"
        modules = dict(model.named_modules())
        if not name or name not in modules:
            raise InputError(
                f'{place}: expected the name of a layer of '
                f'{type(model).__name__}, which has none of that name'
                f'{did_you_mean(name, modules)}'
            )
        parent, _, child = name.rpartition('.')
        new = _changed(modules[name], change, place)
        setattr(modules[parent], child, new)
    return model


def _changed(layer: nn.Module, change: Change, place: str) -> nn.Module:
    """The layer that takes the place of ``layer``."""
    if change is None:
        return nn.Identity()
    if change == 'average':
        return nn.AdaptiveAvgPool2d(1)
    if not isinstance(change, Mapping) or set(change) - set(_ARGUMENTS):
        raise InputError(
            f"{place}: expected None, 'average', or a dict of "
            f'{", ".join(_ARGUMENTS)}, found {change!r}'
        )
    if type(layer) is not nn.Conv2d:
        raise InputError(
            f'{place}: expected a convolution (Conv2d), found '
            f'{type(layer).__name__}; a pooling layer is taken out by None'
        )
    arguments: dict[str, Any] = {
        name: change.get(name, getattr(layer, name)) for name in _ARGUMENTS
    }
    new = nn.Conv2d(
        layer.in_channels,
        layer.out_channels,
        groups=layer.groups,
        bias=layer.bias is not None,
        **arguments,
    )
    if new.weight.shape == layer.weight.shape:
        new.load_state_dict(layer.state_dict())
    return new
