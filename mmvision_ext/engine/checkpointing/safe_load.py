"""Read a checkpoint without running code that it may contain."""

import os.path as osp
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.logging import HistoryBuffer

from mmvision_ext.utils import InputError

_STATISTICS = ('min', 'max', 'current', 'mean')


def read_checkpoint(checkpoint: str | Path) -> dict[str, Any]:
    """Read a checkpoint without running code that it may contain.

    Args:
        checkpoint: File or http(s) address; ``~`` is the home folder.

    Returns:
        Its content, tensors on the CPU.

    Raises:
        InputError: There is no such file, it cannot be read or fetched, it
            is not a checkpoint, or it holds objects other than tensors,
            numbers and text.
    """
    name = osp.expanduser(checkpoint)
    try:
        with torch.serialization.safe_globals(_allowed_globals()):
            if name.startswith(('http://', 'https://')):
                content = torch.hub.load_state_dict_from_url(
                    name, map_location='cpu', weights_only=True
                )
            else:
                content = torch.load(
                    name, map_location='cpu', weights_only=True
                )
    except FileNotFoundError:
        raise InputError(
            f'checkpoint: expected a file, found none at {name}.'
        ) from None
    except OSError as error:
        raise InputError(f'checkpoint {name}: cannot be read: {error}.') from (
            error
        )
    except Exception as error:  # a damaged file fails in any way there is
        raise InputError(f'checkpoint {name}: {_refusal(error)}') from error
    if not isinstance(content, Mapping):
        raise InputError(
            f'checkpoint {name}: expected a dict of weights, '
            f'found {type(content).__name__}.'
        )
    return dict(content)


def _allowed_globals() -> list[Any]:
    """What mmengine stores in a checkpoint beside weights, and no more.

    mmengine's own list has ``getattr``, which gives access to everything.
    """
    core = np._core if hasattr(np, '_core') else np.core  # numpy 2, numpy 1
    allowed: list[Any] = [
        HistoryBuffer,
        slice,
        np.ndarray,
        np.dtype,
        (_statistic, 'builtins.getattr'),
    ]
    allowed += [type(np.dtype(kind)) for kind in ('u4', 'i8', 'f8')]
    for name in ('_reconstruct', 'scalar'):
        function = getattr(core.multiarray, name)
        allowed += [
            (function, f'numpy.{folder}.multiarray.{name}')
            for folder in ('_core', 'core')
        ]
    return allowed


def _statistic(owner: object, name: str) -> Callable:
    """A method of a log's history, which is pickled as getattr's result."""
    if owner is not HistoryBuffer or name not in _STATISTICS:
        raise ValueError(f'Unsupported global: GLOBAL getattr({name!r})')
    return getattr(HistoryBuffer, name)


def _refusal(error: Exception) -> str:
    """Why a file is not read: what it holds, or that it is damaged."""
    text = str(error) or 'the file ends too early'
    found = re.search(r'GLOBAL (\S+)', text)
    if found:
        return (
            'expected weights that torch.load reads with weights_only=True, '
            f'found the object {found[1]}, which could run code. Export its '
            'state_dict with torch.save where you trust its source.'
        )
    return (
        'expected weights that torch.load reads with weights_only=True, found '
        'a file that is damaged or holds other objects '
        f'({text.splitlines()[0]}). Copy it again, or export its state_dict '
        'with torch.save where you trust its source.'
    )
