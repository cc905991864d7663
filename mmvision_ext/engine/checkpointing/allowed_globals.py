"""What a checkpoint may hold beside tensors, numbers and text.

mmengine stores the history of its logs, ``HistoryBuffer`` with numpy arrays,
and a function of the one-cycle schedule. Its own list of what may be loaded
has ``getattr``, which gives access to everything, and numpy's classes, which
believe the file: a dtype's state may call raw bytes pointers. Stand-ins take
their place here.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from mmengine.logging import HistoryBuffer
from mmengine.optim import OneCycleParamScheduler

from mmvision_ext.utils.plain_arrays import (
    PlainDtype,
    empty_array,
    fill_array,
    scalar,
)

_STATISTICS = ('min', 'max', 'current', 'mean')


_ANNEALING = ('_annealing_cos', '_annealing_linear')


class _OneCycle:
    """Stands for ``OneCycleParamScheduler``, of which a file makes none."""

    def __new__(cls, *_: Any) -> '_OneCycle':
        raise ValueError(
            'Unsupported global: GLOBAL OneCycleParamScheduler, called'
        )


#: What a file may name, and which of its attributes ``getattr`` gives.
_ATTRIBUTES: dict[Any, tuple[type, tuple[str, ...]]] = {
    HistoryBuffer: (HistoryBuffer, _STATISTICS),
    _OneCycle: (OneCycleParamScheduler, _ANNEALING),
}


class _Dtype(PlainDtype):
    """Stands for ``numpy.dtype``."""

    __setstate__ = PlainDtype.fill


class _Array(np.ndarray):
    """Stands for ``numpy.ndarray`` until :func:`plain_numpy`.

    A file may name it and fill it, but not make one of its own arguments.
    """

    def __new__(cls, *_: Any) -> '_Array':
        raise ValueError('Unsupported global: GLOBAL numpy.ndarray, called')

    def __setstate__(self, state: Any) -> None:
        fill_array(self, state)


def allowed_globals() -> list[Any]:
    """What mmengine stores in a checkpoint beside weights, and no more.

    Returns:
        For ``torch.serialization.safe_globals``. What it loads goes through
        :func:`plain_numpy`.
    """
    allowed: list[Any] = [
        HistoryBuffer,
        slice,
        (_OneCycle, _name_of(OneCycleParamScheduler)),
        (_function, 'builtins.getattr'),
        (_no_bytes, 'builtins.bytes'),
        (_Dtype, 'numpy.dtype'),
        (_Array, 'numpy.ndarray'),
    ]
    for folder in ('_core', 'core'):  # numpy 2, numpy 1
        allowed += [
            (_empty, f'numpy.{folder}.multiarray._reconstruct'),
            (scalar, f'numpy.{folder}.multiarray.scalar'),
        ]
    return allowed


def plain_numpy(value: Any) -> Any:
    """Turn the stand-ins in what was loaded into numpy's arrays.

    Args:
        value: Content of a checkpoint; its dicts and lists are changed.

    Returns:
        The content.
    """
    return _plain(value, set())


def _plain(value: Any, seen: set[int]) -> Any:
    if isinstance(value, _Array):
        return value.view(np.ndarray)
    if isinstance(value, _Dtype):
        return value.dtype
    if type(value) is tuple:
        return tuple(_plain(part, seen) for part in value)
    if id(value) in seen:  # a list may hold itself
        return value
    if isinstance(value, HistoryBuffer):
        seen.add(id(value))
        _plain(vars(value), seen)
    elif isinstance(value, dict):
        seen.add(id(value))
        for key, part in value.items():
            value[key] = _plain(part, seen)
    elif isinstance(value, list):
        seen.add(id(value))
        value[:] = [_plain(part, seen) for part in value]
    return value


def _name_of(kind: type) -> str:
    return f'{kind.__module__}.{kind.__qualname__}'


def _function(owner: object, name: str) -> Callable:
    """A function of a class, which is pickled as getattr's result."""
    for named, (kind, names) in _ATTRIBUTES.items():
        if owner is named and name in names:
            return getattr(kind, name)
    raise ValueError(f'Unsupported global: GLOBAL getattr({name!r})')


def _no_bytes(*values: Any) -> bytes:
    """``b''``, such as the content of an array without values."""
    if values:
        raise ValueError('Unsupported global: GLOBAL bytes, of something')
    return b''


def _empty(*_: Any) -> np.ndarray:
    """``_reconstruct``: the empty array that a state fills."""
    return empty_array().view(_Array)
