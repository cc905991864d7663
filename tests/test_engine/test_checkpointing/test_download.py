"""Downloads: complete, compared with their sha256, or an error."""

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
import torch

from mmvision_ext.engine.checkpointing import fetch, read_checkpoint
from mmvision_ext.utils import InputError

CONTENT = b'weights' * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Handler(BaseHTTPRequestHandler):
    """Gives what ``files`` has; of ``/short/`` the first half."""

    files: ClassVar[dict[str, bytes]] = {}
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:  # noqa: N802
        self.asked.append(self.path)
        folder, _, name = self.path.lstrip('/').rpartition('/')
        content = self.files.get(name)
        if content is None:
            self.send_error(404)
            return
        self.send_response(200)
        if folder != 'unsized':
            self.send_header('Content-Length', str(len(content)))
        self.end_headers()
        half = len(content) // 2 if folder == 'short' else len(content)
        self.wfile.write(content[:half])

    def log_message(self, *_: object) -> None:
        """Keep the error stream clean."""


@pytest.fixture
def server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[str, Path]]:
    """Address of a server on this machine, and torch's cache."""
    monkeypatch.setenv('TORCH_HOME', str(tmp_path))
    monkeypatch.setenv('no_proxy', '*')
    monkeypatch.setattr(torch.hub, '_hub_dir', None)
    Handler.files, Handler.asked = {}, []
    with ThreadingHTTPServer(('127.0.0.1', 0), Handler) as httpd:
        thread = threading.Thread(target=httpd.serve_forever, daemon=True)
        thread.start()
        yield (
            f'http://127.0.0.1:{httpd.server_port}',
            tmp_path / 'hub' / 'checkpoints',
        )
        httpd.shutdown()
        thread.join()


def serve(name: str, content: bytes = CONTENT) -> None:
    """Have the server give a file."""
    Handler.files[name] = content


def in_cache(cache: Path) -> list[str]:
    """Names of the files in the cache."""
    return sorted(file.name for file in cache.iterdir())


@pytest.mark.parametrize(
    'name',
    [
        f'w-{SHA256[:8]}.pth',
        f'w.pth#sha256={SHA256}',
        f'w-00000000.pth#sha256={SHA256}',  # the pin counts
        'w.pth',
        'w-20220301.pth',  # a date
        f'unsized/w-{SHA256}.pth',
    ],
)
def test_a_file_is_fetched_once(name: str, server, caplog) -> None:
    address, cache = server
    file = name.partition('#')[0].rpartition('/')[2]
    serve(file)
    path = fetch(f'{address}/{name}')
    assert path == fetch(f'{address}/{name}') == cache / file
    assert path.read_bytes() == CONTENT
    assert in_cache(cache) == [file]
    assert len(Handler.asked) == 1


@pytest.mark.parametrize(
    'name',
    ['w-0676ba61.pth', f'w-{SHA256[:8]}.pth#sha256=' + '0' * 64],
)
def test_another_file_is_refused_and_not_kept(name: str, server) -> None:
    address, cache = server
    serve(name.partition('#')[0])
    with pytest.raises(InputError) as error:
        fetch(f'{address}/{name}')
    assert SHA256 in str(error.value)
    assert (name.partition('=')[2] or '0676ba61') in str(error.value)
    assert in_cache(cache) == []


@pytest.mark.parametrize(
    ('name', 'message'),
    [
        ('short/w.pth', 'ended after 3500 of 7000 bytes'),
        ('gone.pth', '404'),
    ],
)
def test_what_cannot_be_fetched_is_said_with_its_place(
    name: str, message: str, server
) -> None:
    address, cache = server
    serve('w.pth')
    with pytest.raises(InputError, match=message) as error:
        fetch(f'{address}/{name}')
    assert f'put it to {cache / Path(name).name}' in str(error.value)
    assert f'{address}/{name}' in str(error.value)
    assert in_cache(cache) == []


def test_no_network(server) -> None:
    _, cache = server
    with pytest.raises(InputError, match='cannot be fetched.*put it to'):
        fetch('http://127.0.0.1:1/w-12345678.pth')
    (cache / 'w.pth').write_bytes(b'by hand')
    assert fetch('http://127.0.0.1:1/w.pth').read_bytes() == b'by hand'


def test_a_cached_file_that_may_be_another_one(
    server, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(
        'mmvision_ext.engine.checkpointing.download.print_log',
        lambda text, *_: said.append(text),
    )
    address, cache = server
    for name, is_told in (('w.pth', True), (f'w-{SHA256[:8]}.pth', False)):
        serve(name)
        fetch(f'{address}/one/{name}')
        said.clear()
        fetch(f'{address}/two/{name}')
        assert any(str(cache / name) in text for text in said) == is_told


def test_damage_in_the_cache_is_seen(server) -> None:
    address, cache = server
    name = f'w-{SHA256[:8]}.pth'
    serve(name)
    fetch(f'{address}/{name}')
    (cache / name).write_bytes(CONTENT[:-1])
    with pytest.raises(InputError, match=rf'expected sha256 {SHA256[:8]},'):
        fetch(f'{address}/{name}')
    assert (cache / name).exists()


@pytest.mark.parametrize('end', ['', '..', 'w.pth#sha256=12'])
def test_addresses_of_no_file(end: str, server) -> None:
    with pytest.raises(InputError, match='expected the address of a file'):
        fetch(f'{server[0]}/{end}')
    assert Handler.asked == []


def test_two_that_want_it_fetch_it_once(server) -> None:
    address, _ = server
    serve('w.pth')
    threads = [
        threading.Thread(target=fetch, args=(f'{address}/w.pth',))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(Handler.asked) == 1


def test_a_checkpoint_by_its_address(server, tmp_path: Path) -> None:
    torch.save(dict(weight=torch.ones(1)), tmp_path / 'w.pth')
    serve('w.pth', (tmp_path / 'w.pth').read_bytes())
    found = read_checkpoint(f'{server[0]}/w.pth')
    assert found == dict(weight=torch.ones(1))
