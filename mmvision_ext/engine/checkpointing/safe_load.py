"""Read a checkpoint without running code that it may contain."""

import io
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
from mmvision_ext.utils.nearest import did_you_mean
from mmvision_ext.utils.web import is_address

from .allowed_globals import allowed_globals, plain_numpy
from .download import fetch

#: Suffix of files that hold tensors and text alone.
SAFETENSORS = '.safetensors'

_ARCHIVE = b'PK\x03\x04'

_trusted: set[str] = set()


class _MetaError(Exception):
    """What stands beside the weights of a safetensors file is no meta."""


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
    return _read(osp.expanduser(checkpoint), trust)


def read_structure(checkpoint: str | Path) -> dict[str, Any]:
    """Read a checkpoint, but leave the values of its tensors in the file.

    Args:
        checkpoint: As in :func:`read_checkpoint`.

    Returns:
        Its content. A tensor reads its values from the file when they are
        asked for, where torch can do that.

    Raises:
        InputError: As in :func:`read_checkpoint`.
    """
    return _read(osp.expanduser(checkpoint), False, is_mapped=True)


def load_plain(file: str | io.BytesIO, is_mapped: bool = False) -> Any:
    """Read what :mod:`.allowed_globals` admits, and nothing else.

    Args:
        file: What ``torch.save`` wrote.
        is_mapped: Whether tensors leave their values in the file; it has to
            be a zip archive.

    Returns:
        Its content, tensors on the CPU.

    Raises:
        Exception: Any kind, where the file is damaged or holds more.
    """
    with torch.serialization.safe_globals(allowed_globals()):
        content = torch.load(
            file, map_location='cpu', weights_only=True, mmap=is_mapped
        )
    return plain_numpy(content)


def is_safetensors(file: str | Path) -> bool:
    """Whether a file is called one of tensors and text alone.

    Args:
        file: Its name.

    Returns:
        Whether it is.
    """
    return str(file).lower().endswith(SAFETENSORS)


def is_archive(file: str | Path) -> bool:
    """Whether torch takes a file for a zip archive, as it writes them.

    Args:
        file: Its name.

    Returns:
        Whether it begins like one.

    Raises:
        OSError: It cannot be read.
    """
    with open(file, 'rb') as opened:
        return opened.read(len(_ARCHIVE)) == _ARCHIVE


def _read(name: str, trust: bool, is_mapped: bool = False) -> dict[str, Any]:
    trust = trust or _identity(name) in _trusted
    file = str(fetch(name)) if is_address(name) else name
    try:
        content = _content(file, trust, is_mapped)
    except _MetaError as error:
        raise InputError(f'checkpoint {name}: {error}') from None
    except FileNotFoundError:
        path = Path(file)
        beside = (item.name for item in sorted(path.parent.glob('*.pth')))
        raise InputError(
            f'checkpoint: expected a file, found none at {name}'
            f'{did_you_mean(path.name, beside, count=3) or "."}'
        ) from None
    except IsADirectoryError:
        found = sorted(path.name for path in Path(file).glob('*.pth'))
        raise InputError(
            f'checkpoint: expected a file, found the folder {name}. Name one '
            f'of its files: {", ".join(found) or "it has no *.pth"}.'
        ) from None
    except OSError as error:
        raise InputError(f'checkpoint {name}: cannot be read: {error}.') from (
            error
        )
    except Exception as error:  # a damaged file fails in any way there is
        raise InputError(
            f'checkpoint {name}: {_refusal(error, name, file)}'
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


def _content(file: str, trust: bool, is_mapped: bool) -> Any:
    if is_safetensors(file):
        return _tensors(file)
    is_mapped = is_mapped and is_archive(file)
    if trust:
        print_log(
            f'checkpoint {file} is trusted: code that it holds is run',
            'current',
            logging.WARNING,
        )
        return torch.load(
            file, map_location='cpu', weights_only=False, mmap=is_mapped
        )
    _refuse_packed(file)
    content = load_plain(file, is_mapped)
    meta = content.get('meta') if isinstance(content, dict) else None
    if isinstance(meta, dict):
        meta.pop('config', None)  # of mmdet 2; mmengine's resume would run it
    return content


def _tensors(file: str) -> dict[str, Any]:
    """Content of a safetensors file: tensors, and ``meta`` as JSON."""
    with safe_open(file, 'pt') as archive:
        state = {name: archive.get_tensor(name) for name in archive.keys()}  # noqa: SIM118
        text = (archive.metadata() or {}).get('meta', '{}')
    return dict(state_dict=state, meta=_meta(text))


def _meta(text: str) -> dict[str, Any]:
    try:
        meta = json.loads(text)
    except (ValueError, RecursionError) as error:
        found = f'{text[:20]!r} ({type(error).__name__})'
    else:
        if isinstance(meta, dict):
            return meta
        found = f'JSON of {type(meta).__name__}'
    raise _MetaError(
        'expected its metadata to have a JSON object as "meta", found '
        f'{found}. The weights are sound: write them without it, '
        'safetensors.torch.save_file(load_file(OLD), NEW).'
    )


def _refuse_packed(file: str) -> None:
    """Stop at an archive that would fill the memory; torch packs nothing."""
    if not zipfile.is_zipfile(file):
        if is_archive(file):
            raise pickle.UnpicklingError(
                'a zip archive without the list of its parts at the end'
            )
        return
    with zipfile.ZipFile(file) as archive:
        size = sum(member.file_size for member in archive.infolist())
    if size > osp.getsize(file):
        raise pickle.UnpicklingError(
            f'{size:,} bytes packed into {osp.getsize(file):,}'
        )


def _refusal(error: Exception, name: str, file: str) -> str:
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
    if _is_text(file):
        return (
            'expected weights, found a text file. Are config and checkpoint '
            'in their order?'
        )
    return (
        'expected weights that torch.load reads with weights_only=True, found '
        'a file that is damaged or holds other objects '
        f'({reason[1] if reason else text.splitlines()[0]}). Copy it '
        f'again. {trust}'
    )


def _is_text(file: str) -> bool:
    """Whether a file begins with characters that a person types."""
    with open(file, 'rb') as opened:
        start = opened.read(512)
    return (
        bool(start.strip())
        and start.isascii()
        and all(byte >= 32 or byte in b'\t\r\n' for byte in start)
    )
