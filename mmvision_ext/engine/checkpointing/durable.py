"""Files that are complete under their name, whatever interrupts the writing.

Every step is a call of :mod:`os`, so that a test can stop a process between
any two of them.
"""

import errno
import hashlib
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

#: What a file that is being written is called until it is complete.
UNFINISHED = '.unfinished'

_CHUNK = 1 << 20  # bytes that are written or read at once


def write_unfinished(
    path: Path, fill: Callable[[io.BufferedIOBase], Any]
) -> str:
    """Write a file under a temporary name beside its own, and read it back.

    The temporary file lies in the same folder, so that renaming it is one
    step of the file system. It is removed where anything fails.

    Args:
        path: Name that :func:`finish` gives the file.
        fill: Writes the content to the open file it is given.

    Returns:
        The sha256 of the content, in hexadecimal digits.

    Raises:
        OSError: It cannot be written, or reads back differently.
    """
    temporary = _temporary(path)
    try:
        digest = _fill(temporary, fill)
        if file_digest(temporary) != digest:
            raise OSError(
                errno.EIO, 'what was written reads back differently', str(path)
            )
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return digest


def finish(path: Path, name: Path | None = None) -> None:
    """Give a file that :func:`write_unfinished` wrote its name, for good.

    Args:
        path: What :func:`write_unfinished` was given.
        name: Another name in the same folder; None for ``path``. A file that
            has it is replaced.

    Raises:
        OSError: It cannot be renamed.
    """
    os.replace(_temporary(path), name or path)
    sync_folder(path.parent)


def write_text(path: Path, text: str) -> None:
    """Replace a small text file in one step.

    Args:
        path: The file.
        text: Its new content.

    Raises:
        OSError: It cannot be written; the old content is still there.
    """
    write_unfinished(path, lambda file: file.write(text.encode()))
    finish(path)


def file_digest(path: Path) -> str:
    """The sha256 of a file, read from the disk where the system allows.

    Args:
        path: The file.

    Returns:
        64 hexadecimal digits.

    Raises:
        OSError: It cannot be read.
    """
    digest, buffer = hashlib.sha256(), bytearray(_CHUNK)
    with path.open('rb', buffering=0) as file:
        if hasattr(os, 'posix_fadvise'):  # not what memory still holds
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        while count := file.readinto(buffer):
            digest.update(memoryview(buffer)[:count])
    return digest.hexdigest()


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on the disk.

    Args:
        folder: The folder.

    Raises:
        OSError: The system refuses.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class Digester(io.RawIOBase):
    """A file that keeps nothing but the sha256 and the size of its content.

    Attributes:
        sha256: Of the bytes written so far.
        size: Number of bytes written so far.
    """

    def __init__(self) -> None:
        super().__init__()
        self.sha256 = hashlib.sha256()
        self.size = 0

    def writable(self) -> bool:
        """Whether it can be written to: yes."""
        return True

    def write(self, data: Any) -> int:
        """Take bytes.

        Args:
            data: Any contiguous buffer.

        Returns:
            Number of bytes taken.
        """
        view = memoryview(data).cast('B')
        self.sha256.update(view)
        self.size += len(view)
        return len(view)


class _DigestedFile(Digester):
    """A new file, with the sha256 of what went into it."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.failure: OSError | None = None  # torch.save may hide it
        self.descriptor = os.open(
            path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666
        )

    def write(self, data: Any) -> int:
        view = memoryview(data).cast('B')
        try:
            count = os.write(self.descriptor, view)
        except OSError as error:
            self.failure = self.failure or error
            raise
        return super().write(view[:count])

    def close(self) -> None:
        if not self.closed:
            os.close(self.descriptor)
        super().close()


def _fill(path: Path, fill: Callable[[io.BufferedIOBase], Any]) -> str:
    raw = _DigestedFile(path)
    try:
        with io.BufferedWriter(raw, _CHUNK) as file:
            fill(file)
            file.flush()
            os.fsync(raw.descriptor)
    except Exception as error:
        raise raw.failure or error from None
    return raw.sha256.hexdigest()


def _temporary(path: Path) -> Path:
    return path.with_name(path.name + UNFINISHED)
