"""A large file over http, which goes on where it was interrupted."""

import hashlib
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from mmvision_ext.utils import InputError
from mmvision_ext.utils.web import open_address

_CHUNK = 1 << 20  # bytes
_TIMEOUT = 30  # seconds without an answer
_PARTIAL, _BEYOND_THE_END = 206, 416  # of http


def transfer(url: str, target: Path, checksum: str) -> None:
    """Download a file, or what is missing of it.

    What has come lies in ``<target>.part`` until it is complete and has the
    checksum.

    Args:
        url: http(s) address.
        target: Where the file goes.
        checksum: Name of a hash function, a colon, hexadecimal digits.

    Raises:
        InputError: It cannot be fetched; what has come is kept. Or it has
            another checksum; then it is removed.
    """
    part = target.with_name(f'{target.name}.part')
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        _append(url, part)
    except (OSError, HTTPException) as error:
        kept = part.stat().st_size if part.exists() else 0
        raise InputError(
            f'{url}: cannot be fetched ({error}). '
            f'{kept / 1e6:.1f} MB have come and are kept: the same command '
            'goes on from there. Without a network, fetch it elsewhere and '
            f'put it to {target}.'
        ) from error
    found = file_checksum(part, checksum.partition(':')[0])
    if found != checksum:
        part.unlink()
        raise InputError(
            f'{url}: expected {checksum}, found {found}: what has come is '
            'damaged or another file, and is removed. Start again.'
        )
    part.replace(target)


def file_checksum(path: Path, function: str) -> str:
    """Compute the checksum of a file.

    Args:
        path: The file.
        function: Name of a hash function of :mod:`hashlib`.

    Returns:
        The function's name, a colon, hexadecimal digits.
    """
    digest = hashlib.new(function)
    with path.open('rb') as file:
        while block := file.read(_CHUNK):
            digest.update(block)
    return f'{function}:{digest.hexdigest()}'


def _append(url: str, part: Path) -> None:
    """Add to a partial file what it lacks."""
    have = part.stat().st_size if part.exists() else 0
    wanted = {'Range': f'bytes={have}-'} if have else {}
    try:
        response = open_address(url, _TIMEOUT, wanted)
    except HTTPError as error:
        if have and error.code == _BEYOND_THE_END:
            return  # complete already; its checksum tells
        raise
    with response:
        if have and response.status != _PARTIAL:
            have = 0  # a server that begins again
        _copy(response, part, have)


def _copy(response: Any, part: Path, have: int) -> None:
    """Write what comes to the end of a file of ``have`` bytes."""
    length = response.headers.get('Content-Length')
    total = have + int(length) if length else None
    bar = Progress(
        TextColumn('{task.description}'),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )
    with bar, part.open('ab' if have else 'wb') as file:
        task = bar.add_task(part.stem, total=total, completed=have)
        while block := response.read(_CHUNK):
            file.write(block)
            bar.advance(task, len(block))
        size = file.tell()
    if total is not None and size != total:
        raise OSError(f'the connection ended after {size} of {total} bytes')
