"""Values of optimizer, schedules and loop that cannot be meant."""

import inspect
import re
import sys
from collections.abc import (
    Callable,
    Collection,
    Iterator,
    Mapping,
    Sequence,
)
from functools import cache
from typing import Any

from mmengine.optim import DefaultOptimWrapperConstructor, OptimWrapper
from mmengine.registry import (
    OPTIM_WRAPPER_CONSTRUCTORS,
    OPTIM_WRAPPERS,
    OPTIMIZERS,
    PARAM_SCHEDULERS,
    Registry,
)
from torch.nn.utils import clip_grad

from mmvision_ext.utils.nearest import did_you_mean, nearest

from .parts import is_known
from .read_keys import is_read
from .signatures import arguments_of
from .type_lookup import HOSTS, find_type

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
_CUSTOM = ('lr_mult', 'decay_mult')
_SETTINGS = ('_mult', '_keys', '_duplicate', '_layers', '_rate', '_type')
_TEXT = re.compile(r"""['"](\w+)['"]""")
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
    if _clips(wrapper.get('type'), scope):
        faults += _clip_faults(wrapper.get('clip_grad'))
    constructor = wrapper.get('constructor', DefaultOptimWrapperConstructor)
    constructor = find_type(constructor, OPTIM_WRAPPER_CONSTRUCTORS, scope)
    if isinstance(constructor, type) and is_known(constructor):
        paramwise = _mapping(wrapper.get('paramwise_cfg'))
        kind = find_type(optimizer.get('type'), OPTIMIZERS, scope)
        faults += _paramwise_faults(paramwise, _quoted(constructor))
        faults += _custom_key_faults(paramwise, _group_names(kind))
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
    kind = find_type(part.get('type'), root, scope)
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


def _clips(kind: Any, scope: str | None) -> bool:
    """Whether a wrapper clips gradients as mmengine's does."""
    kind = find_type(kind, OPTIM_WRAPPERS, scope)
    return kind is None or (
        inspect.isclass(kind)
        and issubclass(kind, OptimWrapper)
        and is_known(kind)
    )


def _paramwise_faults(
    paramwise: Mapping[str, Any], read: Collection[str]
) -> Iterator[str]:
    """Keys of settings by parameter that are not texts in their code.

    ``_delete`` for ``_delete_`` changes nothing, and is in configs that work.
    """
    for name in paramwise:
        if name not in read and not name.startswith('_'):
            likely = [word for word in read if word.endswith(_SETTINGS)]
            yield (
                f'optim_wrapper.paramwise_cfg.{name}: nothing reads this key'
                f'{did_you_mean(name, likely)}'
            )


def _custom_key_faults(
    paramwise: Mapping[str, Any], read: Collection[str] | None
) -> Iterator[str]:
    """Settings of some parameters that neither optimizer nor hook knows.

    Other than factors, they become settings of the optimizer's groups.
    """
    folders = frozenset(
        folder
        for folder in (f'{host}.engine' for host in HOSTS)
        if folder in sys.modules
    )
    for part, settings in _mapping(paramwise.get('custom_keys')).items():
        for name in _mapping(settings):
            if name in _CUSTOM or read is None or name in read:
                continue
            if is_read(name, folders):
                continue
            yield (
                f'optim_wrapper.paramwise_cfg.custom_keys.{part}.{name}: '
                f'nothing reads this key{did_you_mean(name, _CUSTOM)}'
            )


@cache
def _group_names(optimizer: Any) -> frozenset[str] | None:
    """Names that an optimizer may read from a group; None where not known."""
    if not isinstance(optimizer, type):
        return None
    own = arguments_of(optimizer)
    if is_known(optimizer):
        return _quoted(optimizer) | own.known.keys()
    return None if own.is_open else frozenset(own.known)


@cache
def _quoted(constructor: type) -> frozenset[str]:
    """All texts of one word in the modules of a class and its bases."""
    return frozenset(
        word
        for base in constructor.__mro__
        if is_known(base)
        for word in _TEXT.findall(
            inspect.getsource(sys.modules[base.__module__])
        )
    )
