"""Whether what is saved can be read again without running code from it.

All but the values of tensors and arrays goes through the reader in memory:
they are what takes time, and what is always read.
"""

import io
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.logging import HistoryBuffer

from mmvision_ext.utils import InputError

from .safe_load import load_plain


def require_readable(checkpoint: Mapping[str, Any], path: Path) -> None:
    """Stop before a checkpoint is written that could not be read.

    Args:
        checkpoint: What is to be saved, tensors of any shape.
        path: Where to; for the message.

    Raises:
        InputError: A value in it is neither a tensor, a number nor text, nor
            what mmengine stores; the message names its key and its type.
    """
    small = {key: _small(part, set()) for key, part in checkpoint.items()}
    if _is_readable(small):
        return
    name, value = _culprit(small)
    raise InputError(
        f'{path}: not saved: {name}: {_kind(value)} cannot be read back, as '
        'a checkpoint is read without running code from it. Expected '
        'tensors, numbers, text, and lists and dicts of them: have the hook, '
        'metric or schedule that stores it store those (str(path) for a '
        'path). Every checkpoint saved before is as it was.'
    )


def _small(value: Any, above: set[int]) -> Any:
    """The same without the values of tensors and arrays."""
    if type(value) in (torch.Tensor, torch.nn.Parameter):
        return None
    if type(value) is np.ndarray and value.ndim:
        return value[:0]
    if type(value) not in (dict, OrderedDict, list, tuple, HistoryBuffer):
        return value
    if id(value) in above:  # it holds itself
        return value
    above = above | {id(value)}
    if isinstance(value, (list, tuple)):
        return type(value)([_small(part, above) for part in value])
    if isinstance(value, HistoryBuffer):
        history = object.__new__(HistoryBuffer)
        vars(history).update(_small(vars(value), above))
        return history
    copy = type(value)((key, _small(v, above)) for key, v in value.items())
    if isinstance(copy, OrderedDict):  # a module's state has _metadata
        vars(copy).update(vars(value))
    return copy


def _is_readable(value: Any) -> bool:
    file = io.BytesIO()
    try:
        torch.save(value, file)
        file.seek(0)
        load_plain(file)
    except Exception:  # of any kind: pickle's, torch's, the value's own
        return False
    return True


def _culprit(value: Any) -> tuple[str, Any]:
    """Name and value of the innermost part that cannot be read."""
    names: list[str] = []
    while True:
        for key, part in _parts(value):
            if not _is_readable(part):
                names.append(key)
                value = part
                break
        else:
            return '.'.join(names) or 'all of it', value


def _parts(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, HistoryBuffer):
        value = vars(value)
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield str(key), key
            yield str(key), part
        yield from getattr(value, '__dict__', {}).items()
    elif isinstance(value, (list, tuple)):
        for index, part in enumerate(value):
            yield str(index), part


def _kind(value: Any) -> str:
    kind = type(value)
    name = kind.__qualname__
    if kind.__module__ != 'builtins':
        name = f'{kind.__module__}.{name}'
    dtype = getattr(value, 'dtype', None)
    return name if dtype is None else f'{name} of {dtype}'
