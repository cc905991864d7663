"""Whether a checkpoint is what was written."""

import os
import zipfile
from pathlib import Path

from mmvision_ext.utils import InputError

from .durable import file_digest, sync_folder, write_text
from .safe_load import is_archive, read_structure
from .training_state import state_fault

CHECKSUM = '.sha256'


def checksum_path(checkpoint: Path) -> Path:
    """The file beside a checkpoint that ``sha256sum --check`` reads.

    Args:
        checkpoint: The checkpoint.

    Returns:
        Its name with ``.sha256`` after it.
    """
    return checkpoint.with_name(checkpoint.name + CHECKSUM)


def write_checksum(checkpoint: Path, digest: str) -> None:
    """Write the checksum beside a checkpoint.

    Args:
        checkpoint: The checkpoint.
        digest: Its sha256 in hexadecimal digits.

    Raises:
        OSError: It cannot be written.
    """
    write_text(checksum_path(checkpoint), f'{digest}  {checkpoint.name}\n')


def remove_checksum(checkpoint: Path) -> None:
    """Remove the checksum, before the checkpoint is replaced.

    A process that ends between two files then leaves a checkpoint without a
    checksum, old or new, and never one whose checksum is another's: a
    checksum that does not match always means damage.

    Args:
        checkpoint: The checkpoint.

    Raises:
        OSError: It cannot be removed.
    """
    path = checksum_path(checkpoint)
    if path.exists():
        os.unlink(path)
        sync_folder(path.parent)


def fault_of(checkpoint: Path) -> str | None:
    """Check that a training can resume from a checkpoint.

    With a checksum beside it, the file has to have it. Without one (mmengine
    wrote it, or the process ended just before the checksum) its parts are
    checked, see :func:`archive_fault`. What it holds has to be the state of
    a training either way.

    Args:
        checkpoint: The file.

    Returns:
        What is wrong with it, in a few words; None where nothing is.
    """
    try:
        if not checkpoint.stat().st_size:
            return 'the file is empty'
        if checksum_path(checkpoint).exists():
            return checksum_fault(checkpoint) or _content_fault(checkpoint)
    except OSError as error:
        return f'cannot be read: {error.strerror or error}'
    return archive_fault(checkpoint)


def checksum_fault(checkpoint: Path) -> str | None:
    """Compare a checkpoint with the checksum beside it.

    Args:
        checkpoint: A file that has one.

    Returns:
        What differs; None where nothing does.

    Raises:
        OSError: A file cannot be read.
    """
    listed = checksum_path(checkpoint).read_text(errors='replace')[:64]
    found = file_digest(checkpoint)
    if found == listed:
        return None
    return (
        f'its sha256 is {found[:8]}..., {checksum_path(checkpoint).name} '
        f'lists {listed[:8] or "nothing"}...'
    )


def archive_fault(checkpoint: Path) -> str | None:
    """Check a checkpoint by what is in it, not by its checksum file.

    Args:
        checkpoint: The file.

    Returns:
        What is wrong with it; None where every part of the archive has the
        CRC-32 stored in the archive and the content is a training's state.
        A file that is no archive, as torch wrote before 1.6, has no CRC-32.
    """
    try:
        if is_archive(checkpoint):
            with zipfile.ZipFile(checkpoint) as archive:
                damaged = archive.testzip()
            if damaged is not None:
                return f'the archive is damaged: CRC-32 of {damaged}'
    except Exception as error:  # damage shows in any way there is
        return f'the archive is damaged: {error or type(error).__name__}'
    return _content_fault(checkpoint)


def _content_fault(checkpoint: Path) -> str | None:
    """Why a training cannot resume from a file that is not damaged."""
    try:
        return state_fault(read_structure(checkpoint))
    except InputError as error:
        return str(error)
