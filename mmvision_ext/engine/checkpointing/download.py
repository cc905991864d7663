"""Weights from an address, with the sha256 that they have to have."""

import fcntl
import hashlib
import io
import logging
import os
import os.path as osp
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import torch
from mmengine.logging import print_log
from rich.console import Console
from rich.progress import wrap_file

from mmvision_ext.utils import InputError
from mmvision_ext.utils.web import open_address

from .durable import file_digest, finish, write_unfinished

#: Follows an address whose sha256 is known.
PIN = '#sha256='

_DIGITS = 64  # of a whole sha256 in hexadecimal digits
_TIMEOUT = 30  # seconds without an answer
_CHUNK = 1 << 20  # bytes
#: torch, torchvision and OpenMMLab end a name with the first digits.
_IN_NAME = re.compile(r'-([0-9a-f]{8,64})\.[a-z]+$')
_DATE = re.compile(r'20\d\d[01]\d[0-3]\d')


def fetch(address: str) -> Path:
    """Download a file, or take it from torch's cache.

    It has to have the sha256 that follows the address
    (``https://host/w.pth#sha256=...``), else the first digits of it that its
    name ends with (``w-0676ba61.pth``). Where neither tells, the log says
    what it is, to be added, or that a file of the cache may be another one of
    this name. Another process that wants a file of the cache
    at the same time waits.

    Args:
        address: http(s) address.

    Returns:
        The file, complete, in torch's cache.

    Raises:
        InputError: It cannot be fetched, or has another sha256; then it is
            not kept. Or what lies in the cache has another sha256.
    """
    url, pinned, digest = address.partition(PIN)
    name = osp.basename(urlparse(url).path)
    if not name.strip('.') or (pinned and not _is_digest(digest)):
        raise InputError(
            f'checkpoint {address}: expected the address of a file, and after '
            f'{PIN} {_DIGITS} hexadecimal digits, if anything'
        )
    digest = digest or _in_name(name)
    target = Path(torch.hub.get_dir(), 'checkpoints', name)
    target.parent.mkdir(parents=True, exist_ok=True)
    with _locked(target.parent):
        if target.exists():
            _check_cached(target, digest, url)
            if not digest:
                print_log(
                    f'{url}: not fetched, {target} has its name; no sha256 is '
                    'known to tell whether it is the same file',
                    'current',
                    logging.WARNING,
                )
            return target
        print_log(f'fetching {url} to {target}', 'current')
        try:
            found = write_unfinished(
                target, lambda file: _download(url, file, digest)
            )
            finish(target)
        except (OSError, HTTPException) as error:
            raise InputError(
                f'checkpoint {url}: cannot be fetched ({error}). Fetch it '
                f'where there is a network and put it to {target}'
            ) from error
    if not digest:
        print_log(
            f'{url}: no sha256 is known to compare with. Found {found}; to '
            f'have it compared from now on, name {url}{PIN}{found}',
            'current',
            logging.WARNING,
        )
    return target


def _is_digest(text: str) -> bool:
    return re.fullmatch(rf'[0-9a-f]{{{_DIGITS}}}', text) is not None


def _in_name(name: str) -> str:
    """First digits of the sha256 in a file's name; empty without."""
    found = _IN_NAME.search(name)
    if found is None or _DATE.fullmatch(found[1]):
        return ''
    return found[1]


def _check_cached(target: Path, digest: str, url: str) -> None:
    found = file_digest(target) if digest else ''
    if not found.startswith(digest):
        raise InputError(
            f'{target}, in the place of {url}: expected sha256 {digest}, '
            f'found {found}: it is damaged or another file. Remove it, and it '
            'is fetched again.'
        )


def _download(url: str, file: io.BufferedIOBase, digest: str) -> None:
    """Copy what is at an address; refuse anything but all of it."""
    sha256, size = hashlib.sha256(), 0
    with open_address(url, _TIMEOUT) as response:
        length = response.headers.get('Content-Length')
        with _with_progress(response, length, osp.basename(url)) as source:
            while block := source.read(_CHUNK):
                sha256.update(block)
                size += len(block)
                file.write(block)
    if length is not None and size != int(length):
        raise OSError(f'the connection ended after {size} of {length} bytes')
    if not sha256.hexdigest().startswith(digest):
        raise InputError(
            f'checkpoint {url}: expected sha256 {digest}, found '
            f'{sha256.hexdigest()}: what was fetched is another file, and is '
            'not kept.'
        )


def _with_progress(response: Any, length: str | None, name: str) -> Any:
    if length is None:
        return nullcontext(response)
    return wrap_file(
        response,
        int(length),
        description=name,
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
    )


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Let one process of this machine at a time into a folder."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # a file system without locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
