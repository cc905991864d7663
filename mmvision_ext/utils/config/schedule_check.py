"""Values of optimizer, schedules and loop that cannot be meant."""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from mmengine.registry import OPTIMIZERS, PARAM_SCHEDULERS, Registry
from torch.nn.utils import clip_grad

from mmvision_ext.utils.nearest import nearest

from .runner_keys import near_miss
from .type_lookup import find_type

#: Arguments that are compared with numbers at the start.
_NUMBERS = {
    'begin',
    'end',
    'T_max',
    'step_size',
    'lr',
    'weight_decay',
    'gamma',
    'factor',
    'start_factor',
    'end_factor',
    'eta_min',
    'power',
}
_LOOPS = (None, 'EpochBasedTrainLoop', 'IterBasedTrainLoop')
_WRAPPERS = (None, 'OptimWrapper', 'AmpOptimWrapper')
_PARAMWISE = (
    'custom_keys',
    'bias_lr_mult',
    'bias_decay_mult',
    'norm_decay_mult',
    'dwconv_decay_mult',
    'flat_decay_mult',
    'dcn_offset_lr_mult',
    'bypass_duplicate',
    'num_layers',
    'decay_rate',
    'decay_type',
    'layer_decay_rate',
)
_CUSTOM = ('lr_mult', 'decay_mult')
_CLIPPING: dict[str, Callable[..., Any]] = {
    'norm': clip_grad.clip_grad_norm_,
    'value': clip_grad.clip_grad_value_,
}


def schedule_faults(cfg: Mapping[str, Any]) -> list[str]:
    """Find values of a training's settings that are of the wrong type.

    Args:
        cfg: The complete config.

    Returns:
        One sentence a fault.
    """
    wrapper = _mapping(cfg.get('optim_wrapper'))
    scope = cfg.get('default_scope')
    optimizer = _mapping(wrapper.get('optimizer'))
    faults = [*_loop_faults(cfg)]
    if _is_of(optimizer, OPTIMIZERS, scope, 'torch'):
        faults += _number_faults(optimizer, 'optim_wrapper.optimizer')
    if wrapper.get('type') in _WRAPPERS:
        faults += _clip_faults(wrapper.get('clip_grad'))
    if 'constructor' not in wrapper:
        faults += _paramwise_faults(wrapper.get('paramwise_cfg'))
    schedulers = cfg.get('param_scheduler') or []
    single = isinstance(schedulers, Mapping)
    for index, item in enumerate([schedulers] if single else schedulers):
        key = 'param_scheduler' if single else f'param_scheduler.{index}'
        if isinstance(item, (str, int, float)):
            faults.append(f'{key}: expected a dict with a type, found {item}')
        elif isinstance(item, Mapping) and _is_of(
            item, PARAM_SCHEDULERS, scope, 'mmengine'
        ):
            faults += [
                *_number_faults(item, key),
                *_milestone_faults(item, key),
            ]
    return faults


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _is_of(
    part: Mapping[str, Any], root: Registry, scope: str | None, package: str
) -> bool:
    """Whether the class of a part is of a package whose checks are known."""
    kind = part.get('type')
    if isinstance(kind, str):
        kind = find_type(kind, root, scope)
    return getattr(kind, '__module__', '').partition('.')[0] == package


def _loop_faults(cfg: Mapping[str, Any]) -> Iterator[str]:
    """Numbers of epochs or steps that mmengine's loops refuse."""
    loop = _mapping(cfg.get('train_cfg'))
    if loop.get('type') not in _LOOPS:
        return
    for name in ('max_epochs', 'max_iters'):
        value = loop.get(name, 1)
        if isinstance(value, str) or (isinstance(value, float) and value % 1):
            yield (
                f'train_cfg.{name}: expected a whole number, found {value!r}'
            )
    value = loop.get('val_interval', 1)
    if cfg.get('val_cfg') is not None and (
        isinstance(value, str) or value == 0
    ):
        yield (
            'train_cfg.val_interval: expected a whole number of 1 or more, '
            f'found {value!r}'
        )


def _number_faults(part: Mapping[str, Any], key: str) -> Iterator[str]:
    """Texts where a number of steps or a rate belongs."""
    for name, value in part.items():
        if name in _NUMBERS and isinstance(value, str):
            yield f'{key}.{name}: expected a number, found {value!r}'


def _milestone_faults(part: Mapping[str, Any], key: str) -> Iterator[str]:
    """Milestones that would never be reached, without a word.

    Fractions of an epoch may be meant where epochs are converted to steps.
    """
    if 'milestones' not in part:
        return
    value = part['milestones']
    if (
        not isinstance(value, Sequence)
        or isinstance(value, str)
        or any(isinstance(item, str) for item in value)
        or (
            not part.get('convert_to_iter_based')
            and any(isinstance(item, float) and item % 1 for item in value)
        )
    ):
        yield (
            f'{key}.milestones: expected a list of whole numbers, found '
            f'{value!r}'
        )


def _clip_faults(clip: Any) -> Iterator[str]:
    """Arguments that clipping would refuse at the first step."""
    key = 'optim_wrapper.clip_grad'
    if clip is None:
        return
    if not isinstance(clip, Mapping):
        yield f'{key}: expected a dict such as dict(max_norm=1), found {clip}'
        return
    kind = clip.get('type', 'norm')
    if kind not in _CLIPPING:
        yield (
            f"{key}.type: there is no '{kind}'{nearest(kind, [*_CLIPPING])}"
        )
        return
    known = [
        name
        for name in inspect.signature(_CLIPPING[kind]).parameters
        if name != 'parameters'
    ]
    for name in clip:
        if name not in ('type', *known):
            yield (
                f'{key}.{name}: {_CLIPPING[kind].__name__} has no such '
                f'argument{nearest(name, known)}'
            )


def _paramwise_faults(paramwise: Any) -> Iterator[str]:
    """Misspelled keys of settings by parameter, which are not read."""
    key = 'optim_wrapper.paramwise_cfg'
    paramwise = _mapping(paramwise)
    for name in paramwise:
        if likely := near_miss(name, _PARAMWISE):
            yield (
                f'{key}.{name}: nothing reads this key; did you mean '
                f"'{likely}'?"
            )
    for name, settings in _mapping(paramwise.get('custom_keys')).items():
        for inner in _mapping(settings):
            if likely := near_miss(inner, _CUSTOM):
                yield (
                    f'{key}.custom_keys.{name}.{inner}: nothing reads this '
                    f"key; did you mean '{likely}'?"
                )
