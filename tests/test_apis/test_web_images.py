"""Images behind addresses, from a server of this machine."""

import io
import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import numpy as np
import pytest
from PIL import Image

from mmvision_ext.apis.sources import list_sources
from mmvision_ext.apis.web_images import download
from mmvision_ext.utils import InputError

RED = np.full((4, 6, 3), (200, 0, 0), np.uint8)


class Handler(BaseHTTPRequestHandler):
    """Serves one image, and much of nothing."""

    calls: list[str] = []

    def do_GET(self) -> None:
        self.calls.append(self.path)
        path = self.path.partition('?')[0]
        if path == '/away.png':
            self.send_response(302)
            self.send_header('Location', '/red.png')
            self.end_headers()
            return
        if path == '/gone.png':
            self.send_error(404)
            return
        if path == '/silent.png':
            self.server.stopped.wait(5)
            return
        content = self.content(path)
        self.send_response(200)
        self.send_header('Content-Length', str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def content(self, path: str) -> bytes:
        if path == '/text.png':
            return b'<html>no image</html>'
        if path == '/large.png':
            return bytes(5000)
        file = io.BytesIO()
        Image.fromarray(RED).save(file, 'PNG')
        return file.getvalue()

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def server(monkeypatch) -> Iterator[str]:
    from threading import Event

    monkeypatch.setenv('no_proxy', '*')
    Handler.calls = []
    with ThreadingHTTPServer(('127.0.0.1', 0), Handler) as running:
        running.stopped = Event()
        thread = Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield f'http://127.0.0.1:{running.server_port}'
        running.stopped.set()
        running.shutdown()
        thread.join()


def test_an_address_is_an_image_and_loaded_once(server: str) -> None:
    (source,) = list_sources(f'{server}/red.png?size=1')
    assert Handler.calls == []
    assert source.read()[0, 0].tolist() == [0, 0, 200]  # BGR
    assert source.read().shape == (4, 6, 3)
    assert Handler.calls == ['/red.png?size=1']
    assert source.name == f'{server}/red.png?size=1'
    assert source.stem == 'red' and source.origin is None
    assert not source.may_skip


def test_a_long_address_has_a_name_that_files_can_have() -> None:
    (source,) = list_sources(f'http://localhost/{"a" * 300}.png')
    assert source.stem == 'a' * 100


def test_a_list_may_have_addresses(server: str) -> None:
    sources = list_sources([f'{server}/red.png', RED, f'{server}/away.png'])
    assert [source.read().shape for source in sources] == [(4, 6, 3)] * 3


@pytest.mark.parametrize(
    ('path', 'message'),
    [
        ('/gone.png', 'the server answers 404'),
        ('/text.png', 'text.png cannot be read: expected a JPEG'),
    ],
)
def test_what_is_no_image(server: str, path: str, message: str) -> None:
    (source,) = list_sources(f'{server}{path}')
    with pytest.raises(InputError, match=message):
        source.read()


def test_size_and_time_are_limited(server: str) -> None:
    assert len(download(f'{server}/large.png', limit=5000)) == 5000
    with pytest.raises(InputError, match='at most 0.0047.* MiB, found more'):
        download(f'{server}/large.png', limit=4999)
    with pytest.raises(InputError, match='within 0.05 s, found: .*timed out'):
        download(f'{server}/silent.png', timeout=0.05)
    with pytest.raises(InputError, match='all of it within 0 s'):
        download(f'{server}/large.png', deadline=0)


def test_without_a_server(monkeypatch) -> None:
    monkeypatch.setenv('no_proxy', '*')
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        port = free.getsockname()[1]
    (source,) = list_sources(f'http://127.0.0.1:{port}/a.jpg')
    with pytest.raises(InputError, match='refused.* or pass a file'):
        source.read()


def test_videos_have_to_be_files() -> None:
    with pytest.raises(InputError, match='Download it first'):
        list_sources('https://example.org/clip.mp4?size=1')
