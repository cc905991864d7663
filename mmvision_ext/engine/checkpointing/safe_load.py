"""Read a checkpoint without running code that it may contain."""

import json
import logging
import os.path as osp
import pickle
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from mmengine.logging import print_log
from safetensors import safe_open

from mmvision_ext.utils import InputError

from .allowed_globals import allowed_globals, plain_numpy
from .download import fetch, is_address

#: Suffix of files that hold tensors and text alone.
SAFETENSORS = '.safetensors'

_trusted: set[str] = set()


def trust_checkpoint(checkpoint: str | Path) -> None:
    """Let this process run what one checkpoint contains when it is read.

    ``--trust-checkpoint`` of the command-line tools.

    Args:
        checkpoint: File or http(s) address, as it will be named.
    """
    _trusted.add(_identity(checkpoint))


def read_checkpoint(
    checkpoint: str | Path, trust: bool = False
) -> dict[str, Any]:
    """Read a checkpoint without running code that it may contain.

    Args:
        checkpoint: A file of ``torch.save``, ``*.safetensors``, or an http(s)
            address of one (:func:`~.download.fetch`); ``~`` is the home
            folder.
        trust: Whether the file is unpickled in full, which runs the code in
            it. One line of the log says so.

    Returns:
        Its content, tensors on the CPU; of ``*.safetensors`` as
        ``state_dict`` and, where :func:`~.publish.publish` wrote it,
        ``meta``.

    Raises:
        InputError: There is no such file, it cannot be read or fetched, it
            is not a checkpoint, or it holds objects other than tensors,
            numbers and text.
    """
    name = osp.expanduser(checkpoint)
    trust = trust or _identity(name) in _trusted
    file = str(fetch(name)) if is_address(name) else name
    try:
        content = _content(file, trust)
    except FileNotFoundError:
        raise InputError(
            f'checkpoint: expected a file, found none at {name}.'
        ) from None
    except OSError as error:
        raise InputError(f'checkpoint {name}: cannot be read: {error}.') from (
            error
        )
    except Exception as error:  # a damaged file fails in any way there is
        raise InputError(
            f'checkpoint {name}: {_refusal(error, name)}'
        ) from error
    if not isinstance(content, Mapping):
        raise InputError(
            f'checkpoint {name}: expected a dict of weights, '
            f'found {type(content).__name__}.'
        )
    return content if isinstance(content, dict) else dict(content)


def _identity(checkpoint: str | Path) -> str:
    name = osp.expanduser(checkpoint)
    return name if is_address(name) else osp.realpath(name)


def _content(file: str, trust: bool) -> Any:
    if file.endswith(SAFETENSORS):
        return _tensors(file)
    if trust:
        print_log(
            f'checkpoint {file} is trusted: code that it holds is run',
            'current',
            logging.WARNING,
        )
        return torch.load(file, map_location='cpu', weights_only=False)
    _refuse_packed(file)
    with torch.serialization.safe_globals(allowed_globals()):
        content = torch.load(file, map_location='cpu', weights_only=True)
    content = plain_numpy(content)
    meta = content.get('meta') if isinstance(content, dict) else None
    if isinstance(meta, dict):
        meta.pop('config', None)  # of mmdet 2; mmengine's resume would run it
    return content


def _tensors(file: str) -> dict[str, Any]:
    """Content of a safetensors file: tensors, and ``meta`` as JSON."""
    with safe_open(file, 'pt') as archive:
        state = {name: archive.get_tensor(name) for name in archive.keys()}  # noqa: SIM118
        meta = json.loads((archive.metadata() or {}).get('meta', '{}'))
    return dict(state_dict=state, meta=meta)


def _refuse_packed(file: str) -> None:
    """Stop at an archive that would fill the memory; torch packs nothing."""
    if not zipfile.is_zipfile(file):
        return
    with zipfile.ZipFile(file) as archive:
        size = sum(member.file_size for member in archive.infolist())
    if size > osp.getsize(file):
        raise pickle.UnpicklingError(
            f'{size:,} bytes packed into {osp.getsize(file):,}'
        )


def _refusal(error: Exception, name: str) -> str:
    """Why a file is not read: what it holds, or that it is damaged."""
    text = str(error) or 'the file ends too early'
    found = re.search(r'GLOBAL (\S+)', text)
    reason = re.search(r'WeightsUnpickler error:\s*(.+)', text)
    trust = (
        'Where you trust its source, name it once more after '
        f'--trust-checkpoint ({name}), which runs the code in it.'
    )
    if found:
        return (
            'expected weights that torch.load reads with weights_only=True, '
            f'found the object {found[1]}, which could run code. {trust}'
        )
    return (
        'expected weights that torch.load reads with weights_only=True, found '
        'a file that is damaged or holds other objects '
        f'({reason[1] if reason else text.splitlines()[0]}). Copy it '
        f'again. {trust}'
    )
