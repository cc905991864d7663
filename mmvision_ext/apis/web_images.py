"""Images behind http and https addresses."""

import time
from dataclasses import dataclass
from functools import cached_property
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlsplit

from mmvision_ext.utils import InputError
from mmvision_ext.utils.web import open_address

from .image_source import ImageSource, Pixels, decode_image

MAX_BYTES = 32 * 2**20
TIMEOUT = 10.0  # seconds without an answer
DEADLINE = 60.0  # seconds for a whole image
CHUNK = 2**16  # bytes
LONGEST_STEM = 100  # characters; file systems take 255 with the ending


@dataclass(frozen=True)
class WebImage(ImageSource):
    """An image at an address, downloaded once, when it is first read."""

    @property
    def stem(self) -> str:
        """The last part of the address, without an ending."""
        parts = urlsplit(self.name)
        stem = Path(parts.path).stem.replace(' ', '_')[:LONGEST_STEM]
        return stem or str(parts.hostname)

    @cached_property
    def _content(self) -> bytes:
        return download(self.name)

    def read(self) -> Pixels:
        """Download the image where that is not done, and decode it.

        Returns:
            BGR, shape (H, W, 3), uint8.

        Raises:
            InputError: There is no network, the server does not answer, or
                what it sends is too large or no image.
        """
        return decode_image(self._content, self.name)


def download(
    address: str,
    limit: int = MAX_BYTES,
    timeout: float = TIMEOUT,
    deadline: float = DEADLINE,
) -> bytes:
    """Download a file of limited size in limited time.

    Args:
        address: An http or https address.
        limit: Largest size in bytes.
        timeout: Seconds that the server may be silent.
        deadline: Seconds for all of it.

    Returns:
        The content.

    Raises:
        InputError: There is no network or no such file, it is too large, or
            it takes too long.
    """
    end = time.monotonic() + deadline
    content = bytearray()
    try:
        with open_address(address, timeout) as answer:
            while chunk := answer.read(CHUNK):
                content += chunk
                if len(content) > limit:
                    raise InputError(
                        f'image {address}: expected at most '
                        f'{limit / 2**20:g} MiB, found more. Download it and '
                        'make it smaller.'
                    )
                if time.monotonic() > end:
                    raise InputError(
                        f'image {address}: expected all of it within '
                        f'{deadline:g} s, found {len(content)} bytes by then. '
                        'Download it first.'
                    )
    except HTTPError as error:
        raise InputError(
            f'image {address}: expected an image, found that the server '
            f'answers {error.code} {error.reason}. Check the address.'
        ) from error
    except (HTTPException, OSError) as error:
        raise InputError(
            f'image {address}: expected a server that answers within '
            f'{timeout:g} s, found: {getattr(error, "reason", error)}. Check '
            'the address and the network, or pass a file.'
        ) from error
    return bytes(content)
