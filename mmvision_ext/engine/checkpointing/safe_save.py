"""Save a checkpoint without a moment in which there is no good one."""

import errno
import functools
import io
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from mmvision_ext.utils import InputError

from .checksum import (
    CHECKSUM,
    checksum_path,
    remove_checksum,
    write_checksum,
)
from .durable import UNFINISHED, Digester, finish, write_unfinished
from .newest import LAST_CHECKPOINT
from .readable import require_readable

_FULL = (errno.ENOSPC, errno.EDQUOT)


class CheckpointWriteError(InputError):
    """A checkpoint could not be written; those before it are untouched."""


def write_checkpoint(checkpoint: Mapping[str, Any], path: Path) -> None:
    """Write a checkpoint and its checksum.

    What :func:`~.safe_load.read_checkpoint` would refuse is not written, see
    :func:`~.readable.require_readable`. The content goes to a temporary file
    in the same folder as it is serialised, with no copy of it in memory. That
    file is flushed to the disk, read back and compared before it replaces the
    one of this name.

    Args:
        checkpoint: What is saved, tensors of any shape on any device.
        path: The file; its folder is made where missing.

    Raises:
        CheckpointWriteError: The system could not write it. What had this
            name before is still there.
        InputError: A value in it could not be read again; nothing is
            written.
    """
    require_readable(checkpoint, path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        digest = write_unfinished(
            path, functools.partial(torch.save, dict(checkpoint))
        )
        remove_checksum(path)
        finish(path)
        write_checksum(path, digest)
    except OSError as error:
        raise CheckpointWriteError(
            f'{path}: could not be saved: {error.strerror or error}.'
            f'{_space(error, checkpoint, path.parent)} Every checkpoint saved '
            'before is as it was: mend the disk, then continue with --resume.'
        ) from error


def remove_checkpoint(path: Path) -> None:
    """Remove a checkpoint that is no longer kept, and its checksum.

    Args:
        path: The file, which may be absent.

    Raises:
        OSError: It cannot be removed.
    """
    for file in (path, checksum_path(path)):
        if file.exists():
            os.unlink(file)


def remove_leftovers(folder: Path) -> list[str]:
    """Remove what an interrupted save or removal left in a folder.

    Args:
        folder: The folder, which may be absent.

    Returns:
        Names of the removed files: unfinished ones, and checksums of
        checkpoints that are gone.

    Raises:
        OSError: One cannot be removed.
    """
    left = [
        file
        for file in folder.glob(f'*{UNFINISHED}')
        if file.name.startswith(LAST_CHECKPOINT)
        or {'.pth', '.pt'} & {*file.suffixes}
    ]
    left += [
        file
        for file in folder.glob(f'*.pth{CHECKSUM}')
        if not file.with_suffix('').exists()
    ]
    for file in left:
        os.unlink(file)
    return sorted(file.name for file in left)


def content_digest(checkpoint: Mapping[str, Any]) -> str:
    """The sha256 that a checkpoint's file will have.

    Args:
        checkpoint: What would be saved, tensors of any shape.

    Returns:
        64 hexadecimal digits.
    """
    return _digested(checkpoint).sha256.hexdigest()


def _digested(checkpoint: Mapping[str, Any]) -> Digester:
    digester = Digester()
    with io.BufferedWriter(digester) as file:
        torch.save(dict(checkpoint), file)
    return digester


def _space(error: OSError, checkpoint: Mapping[str, Any], folder: Path) -> str:
    """A sentence on the space that is needed, where that is the trouble."""
    if error.errno not in _FULL:
        return ''
    return (
        f' The save needs {_digested(checkpoint).size / 1e6:,.1f} MB beside '
        'the checkpoints that are kept, '
        f'{shutil.disk_usage(folder).free / 1e6:,.1f} MB are free.'
    )
