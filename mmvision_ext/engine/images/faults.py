"""What can be wrong with an image file."""

import os
from collections.abc import Mapping
from enum import IntEnum
from io import BytesIO
from pathlib import Path
from typing import Any

from mmengine import fileio
from PIL import Image, UnidentifiedImageError

_HEAD = 12  # bytes that tell the format
_JPEG, _PNG = b'\xff\xd8\xff', b'\x89PNG\r\n\x1a\n'
_JPEG_END, _PNG_END = b'\xff\xd9', b'IEND'
_JPEG_SCAN = 0xDA  # marker in front of the compressed pixels


class ImageFault(IntEnum):
    """Why an image file cannot be used; 0 is for files that can."""

    MISSING = 1
    EMPTY = 2
    FORBIDDEN = 3
    NOT_AN_IMAGE = 4
    CUT_OFF = 5
    DAMAGED = 6

    @property
    def text(self) -> str:
        """What was found in the place of an image."""
        return _FOUND[self]


_FOUND = {
    ImageFault.MISSING: 'no file',
    ImageFault.EMPTY: 'an empty file',
    ImageFault.FORBIDDEN: 'a file that cannot be opened',
    ImageFault.NOT_AN_IMAGE: 'a file that is no image',
    ImageFault.CUT_OFF: 'a file that ends too early',
    ImageFault.DAMAGED: 'a file that cannot be decoded',
}


def is_cut_off(path: str) -> bool:
    """Whether a local JPEG, PNG or WebP file ends before its image does.

    OpenCV 4.10 reads such a JPEG and leaves the rest of the image to chance;
    4.12 refuses it. Of a complete file 24 bytes are read.

    Args:
        path: The file.

    Returns:
        Whether it does; False for other formats, and where there is no file
        that can be opened.
    """
    try:
        with open(path, 'rb', buffering=0) as file:
            head = file.read(_HEAD)
            size = file.seek(0, os.SEEK_END)
            file.seek(max(size - _HEAD, 0))
            tail = file.read()
    except OSError:
        return False
    if head.startswith(_JPEG):
        return not tail.endswith(_JPEG_END) and lacks_end(_content(path))
    if head.startswith(_PNG):
        return tail[4:8] != _PNG_END and lacks_end(_content(path))
    return _is_webp(head) and size < _webp_size(head)


def lacks_end(content: bytes) -> bool:
    """Whether the content of a JPEG, PNG or WebP file ends too early.

    Args:
        content: All bytes of a file.

    Returns:
        Whether it does; False for other formats.
    """
    if content.startswith(_JPEG):
        # A preview in the header has an end of its own.
        return content.rfind(_JPEG_END) < _start_of_scan(content)
    if content.startswith(_PNG):
        end = content.rfind(_PNG_END)
        return end < 0 or len(content) < end + 8  # a checksum follows
    return _is_webp(content) and len(content) < _webp_size(content)


def file_fault(
    path: str, backend_args: Mapping[str, Any] | None = None
) -> ImageFault:
    """Say why an image that could not be read could not be read.

    Args:
        path: The file, local or as ``mmengine.fileio.get`` takes it.
        backend_args: Where files are read, as for ``mmengine.fileio.get``.

    Returns:
        The fault; ``DAMAGED`` where nothing else is found.
    """
    try:
        content = fileio.get(path, backend_args=backend_args)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return ImageFault.MISSING
    except Exception:  # each storage has errors of its own
        return ImageFault.FORBIDDEN
    if not content:
        return ImageFault.EMPTY
    if lacks_end(content):
        return ImageFault.CUT_OFF
    try:
        Image.open(BytesIO(content)).close()
    except UnidentifiedImageError:
        return ImageFault.NOT_AN_IMAGE
    except Exception:  # each format has errors of its own
        return ImageFault.DAMAGED
    return ImageFault.DAMAGED


def _content(path: str) -> bytes:
    return Path(path).read_bytes()


def _start_of_scan(content: bytes) -> int:
    """Where the compressed pixels of a JPEG begin; its length without."""
    position = 2
    while content[position : position + 1] == b'\xff':
        marker = content[position + 1 : position + 2]
        if marker == bytes([_JPEG_SCAN]):
            return position
        if marker == b'\xff':  # may be repeated
            position += 1
            continue
        size = content[position + 2 : position + 4]
        position += 2 + int.from_bytes(size, 'big')
    return len(content)


def _is_webp(head: bytes) -> bool:
    return head.startswith(b'RIFF') and head[8:12] == b'WEBP'


def _webp_size(head: bytes) -> int:
    """Bytes of a WebP file by its header."""
    return int.from_bytes(head[4:8], 'little') + 8
