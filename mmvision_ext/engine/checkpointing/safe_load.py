"""Read a checkpoint without running code that it may contain."""

import os.path as osp
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from mmengine.runner.checkpoint import get_torch_safe_globals

from mmvision_ext.utils import InputError


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
        with torch.serialization.safe_globals(get_torch_safe_globals()):
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
    except (pickle.UnpicklingError, RuntimeError, EOFError) as error:
        reason = (str(error) or 'the file ends too early').splitlines()[0]
        raise InputError(
            f'checkpoint {name}: expected weights that torch.load reads with '
            f'weights_only=True, found a file that is damaged or holds other '
            f'objects ({reason}). Copy it again, or export its state_dict '
            'with torch.save where you trust its source.'
        ) from error
    if not isinstance(content, Mapping):
        raise InputError(
            f'checkpoint {name}: expected a dict of weights, '
            f'found {type(content).__name__}.'
        )
    return dict(content)
