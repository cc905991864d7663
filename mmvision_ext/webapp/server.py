"""The server of the page: on this machine alone, reading nothing else."""

import os
import signal
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ['GRADIO_ANALYTICS_ENABLED'] = 'False'  # read when gradio loads

import gradio as gr  # noqa: E402
from starlette.datastructures import MutableHeaders  # noqa: E402
from starlette.middleware import Middleware  # noqa: E402
from starlette.middleware.trustedhost import (  # noqa: E402
    TrustedHostMiddleware,
)
from starlette.responses import PlainTextResponse  # noqa: E402

from mmvision_ext.utils import InputError  # noqa: E402

from .theme import CSS, theme  # noqa: E402

LOOPBACK = ('127.0.0.1', 'localhost')

#: What a browser may load and where it may send: this server alone.
POLICY = (
    "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; "
    "frame-ancestors 'none'; form-action 'self'; base-uri 'self'"
)

#: Visitors whose picture and results are kept in memory.
VISITORS = 16


@dataclass(frozen=True)
class Address:
    """Where the page is.

    Attributes:
        url: Its address.
        files: Folder of uploads and downloads, removed in the end.
    """

    url: str
    files: Path


@contextmanager
def serving(
    build: Callable[[Path], gr.Blocks],
    host: str = '127.0.0.1',
    port: int | None = None,
    max_file_size: int = 20 * 2**20,
) -> Iterator[Address]:
    """Serve a page.

    Args:
        build: Makes the page; gets the folder for downloads.
        host: Network address of this machine to listen at.
        port: Port; None takes the first free one from 7860 on.
        max_file_size: Largest upload in bytes.

    Yields:
        Where it is; when the context ends, the page closes.

    Raises:
        InputError: Nothing can listen at this address.
    """
    _check_address(host, port)
    with tempfile.TemporaryDirectory(prefix='mmvision_webapp_') as name:
        folder = Path(name).resolve()
        with _files_in(folder):
            downloads = folder / 'downloads'
            downloads.mkdir()
            page = build(downloads)
            page.queue(max_size=32)
            try:
                _, url, _ = page.launch(
                    **_options(host, port, max_file_size),
                    prevent_thread_lock=True,
                )
                yield Address(url, folder)
            finally:
                page.close(verbose=False)


def wait() -> None:
    """Wait until this process is interrupted or asked to end."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    stop.wait()


class Guard:
    """Tells browsers to load nothing from elsewhere, and sends none away.

    Args:
        app: The application.
    """

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer a request, with the headers."""
        path = scope.get('path', '').lower()
        if '=http:' in path or '=https:' in path:
            # gradio would redirect to there, or fetch it
            await PlainTextResponse('Forbidden', 403)(scope, receive, send)
            return

        async def send_with(message: Any) -> None:
            if message['type'] == 'http.response.start':
                headers = MutableHeaders(scope=message)
                headers['Content-Security-Policy'] = POLICY
                headers['X-Content-Type-Options'] = 'nosniff'
                headers['Referrer-Policy'] = 'no-referrer'
            await send(message)

        await self.app(scope, receive, send_with)


def _check_address(host: str, port: int | None) -> None:
    """Refuse an address at once; gradio tries a hundred ports of it."""
    at = f'--host {host}' + ('' if port is None else f' --port {port}')
    try:
        # A port above 65535 is an OverflowError of bind.
        name = host.strip('[]')  # around an address of IPv6
        kind = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)[0][0]
        socket.create_server((name, port or 0), family=kind).close()
    except (OSError, OverflowError) as error:
        raise InputError(
            f'{at}: expected an address of this machine and a free port from '
            f'1 to 65535, found: {error}. Name others, or leave them out.'
        ) from error


@contextmanager
def _files_in(folder: Path) -> Iterator[None]:
    """Let gradio keep all its files in a folder."""
    names = ('GRADIO_TEMP_DIR', 'GRADIO_EXAMPLES_CACHE')
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, str(folder)))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _options(
    host: str, port: int | None, max_file_size: int
) -> dict[str, Any]:
    """Arguments of ``launch``."""
    middleware = [Middleware(Guard)]
    if host in LOOPBACK:  # a page elsewhere could name this host its own
        middleware.append(
            Middleware(TrustedHostMiddleware, allowed_hosts=list(LOOPBACK))
        )
    return dict(
        server_name=host,
        server_port=port,
        share=False,
        inbrowser=False,
        quiet=True,
        show_error=False,
        ssr_mode=False,
        mcp_server=False,
        pwa=False,
        enable_monitoring=False,
        allowed_paths=[],
        max_file_size=max_file_size,
        state_session_capacity=VISITORS,
        footer_links=[],
        theme=theme(),
        css=CSS,
        app_kwargs=dict(middleware=middleware, docs_url=None, redoc_url=None),
    )
