"""Addresses of the web."""

import urllib.request
from collections.abc import Mapping
from http.client import HTTPResponse

from mmvision_ext.version import __version__


def is_address(name: str) -> bool:
    """Whether a name is one of the web.

    Args:
        name: File or address.

    Returns:
        True for http and https.
    """
    return name.lower().startswith(('http://', 'https://'))


def open_address(
    address: str, timeout: float, headers: Mapping[str, str] | None = None
) -> HTTPResponse:
    """Ask a server for what is at an address.

    Args:
        address: http(s) address.
        timeout: Seconds that the server may be silent.
        headers: Of the request, beside the name of this package.

    Returns:
        The answer, to be read and closed.

    Raises:
        OSError: There is no network, no such server, or it refuses
            (``urllib.error.HTTPError``).
        HTTPException: The answer is none of http.
    """
    request = urllib.request.Request(  # noqa: S310
        address,
        headers={
            'User-Agent': f'mmvision_ext/{__version__}',
            **(headers or {}),
        },
    )
    return urllib.request.urlopen(request, timeout=timeout)  # noqa: S310
