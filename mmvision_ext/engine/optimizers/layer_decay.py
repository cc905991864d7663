"""Learning rates that fall from the head to the stem, for any backbone."""

from collections.abc import Callable
from typing import Any

from mmengine.logging import MMLogger
from mmpretrain.engine.optimizers import (
    LearningRateDecayOptimWrapperConstructor,
)
from torch import nn

from mmvision_ext.engine.hooks.parameter_names import cover_name
from mmvision_ext.registry import OPTIM_WRAPPER_CONSTRUCTORS
from mmvision_ext.utils import InputError
from mmvision_ext.utils.nearest import nearest

from .layer_depth import LayerDepth, layer_depth

_OPTIONS = (
    'layer_decay_rate',
    'norm_decay_mult',
    'bias_decay_mult',
    'flat_decay_mult',
    'custom_keys',
)


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class LayerDecayOptimWrapperConstructor(
    LearningRateDecayOptimWrapperConstructor
):
    """mmpretrain's layer-wise learning rate decay for every backbone.

    The head (and a neck) learns at the optimizer's rate, each layer of the
    backbone at ``layer_decay_rate`` times the rate of the layer behind it
    (`BEiT <https://arxiv.org/abs/2106.08254>`_). Layers come from the
    backbone's ``get_layer_depth`` where mmpretrain has it, else from the order
    of its blocks (:func:`~mmvision_ext.engine.optimizers.layer_depth.
    layer_depth`). Parameters of one layer with the same settings share a
    group, named ``layer_00``, ``layer_01``, ... and ``head``.

    Args:
        optim_wrapper_cfg: The wrapper's config; its ``optimizer`` has ``lr``
            and ``weight_decay``.
        paramwise_cfg: ``layer_decay_rate``, in (0, 1], and as in mmpretrain
            ``norm_decay_mult``, ``bias_decay_mult``, ``flat_decay_mult``
            (factors of the weight decay of normalisation layers, biases and
            all one-dimensional parameters) and ``custom_keys`` with
            ``decay_mult``.

    Raises:
        InputError: If an option is missing, unknown or out of range.
    """

    def __init__(
        self, optim_wrapper_cfg: dict, paramwise_cfg: dict | None = None
    ) -> None:
        _check(optim_wrapper_cfg.get('optimizer', {}), paramwise_cfg or {})
        super().__init__(optim_wrapper_cfg, paramwise_cfg)

    def add_params(
        self,
        params: list[dict],
        module: nn.Module,
        prefix: str = '',
        get_layer_depth: Callable | None = None,
        **kwargs: Any,
    ) -> None:
        """Append the parameter groups of a module.

        Args:
            params: The groups, extended in place.
            module: The model, or a part of it.
            prefix: The part's name with a dot behind it.
            get_layer_depth: Given for parts only.
            **kwargs: Passed on.

        Raises:
            InputError: If the model has no backbone.
        """
        if get_layer_depth is not None:
            super().add_params(
                params, module, prefix, get_layer_depth, **kwargs
            )
            return
        single: list[dict] = []  # mmpretrain makes one group a parameter
        depth = layer_depth(module)
        super().add_params(single, module, prefix, depth, **kwargs)
        params += _joined(single, depth)
        MMLogger.get_current_instance().info(_table(module, params))


def _check(optimizer: dict, paramwise: dict) -> None:
    found = 'LayerDecayOptimWrapperConstructor: '
    for key in paramwise:
        if key not in _OPTIONS:
            raise InputError(
                f"{found}paramwise_cfg has no option '{key}'"
                f'{nearest(key, _OPTIONS)}'
            )
    rate = paramwise.get('layer_decay_rate')
    if not isinstance(rate, int | float) or not 0 < rate <= 1:
        raise InputError(
            f'{found}expected paramwise_cfg.layer_decay_rate in (0, 1], found '
            f'{rate}; 0.75 is usual'
        )
    for key in ('lr', 'weight_decay'):
        if optimizer.get(key) is None:
            raise InputError(
                f'{found}expected optimizer.{key}, found none; name it, also '
                'where it is the default'
            )
    for key, options in paramwise.get('custom_keys', {}).items():
        if 'lr_mult' in options:
            raise InputError(
                f"{found}paramwise_cfg.custom_keys['{key}'] has lr_mult, "
                "which layer decay replaces; take it out, or use mmengine's "
                'default constructor'
            )


def _joined(single: list[dict], depth: LayerDepth) -> list[dict]:
    """Groups of one parameter each, joined by layer and settings."""
    groups: dict[str, dict] = {}
    for group in single:
        settings = {
            key: value
            for key, value in group.items()
            if key not in ('params', 'param_name')
        }
        layer, count = depth(group['param_name'])
        name = 'head' if layer == count - 1 else f'layer_{layer:02d}'
        joined = groups.setdefault(
            repr(sorted(settings.items())),
            dict(params=[], name=name, **settings),
        )
        joined['params'] += group['params']
    return sorted(groups.values(), key=lambda group: group['layer_id'])


def _table(model: nn.Module, groups: list[dict]) -> str:
    """Layer, factor and rate, number of values, and modules, a line each."""
    layers: dict[str, list[dict]] = {}
    for group in groups:
        layers.setdefault(group['name'], []).append(group)
    everything = [p for group in groups for p in group['params']]
    lines = ['layer-wise learning rates:']
    for name, members in layers.items():
        parameters = [p for group in members for p in group['params']]
        lines.append(
            f'{name:<8}  x {members[0]["lr_scale"]:<8.3g} '
            f'lr {members[0]["lr"]:<9.3g} '
            f'{sum(p.numel() for p in parameters):>11,} parameters  '
            f'{cover_name(model, parameters, everything)}'
        )
    return '\n'.join(lines)
