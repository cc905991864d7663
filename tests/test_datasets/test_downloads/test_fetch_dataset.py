"""Datasets are fetched once, whole, and go on where they were cut off."""

import hashlib
import io
import random
import re
import subprocess
import sys
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from mmvision_ext.datasets.downloads import (
    DownloadFile,
    DownloadSet,
    fetch_set,
    read_catalogue,
)
from mmvision_ext.datasets.downloads.archives import unpack
from mmvision_ext.utils import InputError

ROOT = Path(__file__).parents[3]


def _tar(**files: bytes) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode='w:gz') as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return stream.getvalue()


def _zip(**files: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, 'w') as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


class Handler(BaseHTTPRequestHandler):
    """Gives files, or parts of them; cuts the connection where told to."""

    files: ClassVar[dict[str, bytes]] = {}
    ranges: ClassVar[list[str | None]] = []
    cut_after: ClassVar[int | None] = None
    takes_ranges: ClassVar[bool] = True

    def do_GET(self) -> None:  # noqa: N802
        wanted = self.headers.get('Range')
        self.ranges.append(wanted)
        content = self.files.get(self.path.lstrip('/'))
        if content is None:
            self.send_error(404)
            return
        start = 0
        if wanted and self.takes_ranges:
            start = int(re.fullmatch(r'bytes=(\d+)-', wanted)[1])
            if start >= len(content):
                self.send_error(416)
                return
        self.send_response(206 if start else 200)
        self.send_header('Content-Length', str(len(content) - start))
        self.end_headers()
        self.wfile.write(content[start:][: self.cut_after])

    def log_message(self, *_: object) -> None:
        """Keep the error stream clean."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Address of a server on this machine."""
    monkeypatch.setenv('no_proxy', '*')
    Handler.files, Handler.ranges = {}, []
    Handler.cut_after, Handler.takes_ranges = None, True
    with ThreadingHTTPServer(('127.0.0.1', 0), Handler) as httpd:
        thread = threading.Thread(target=httpd.serve_forever, daemon=True)
        thread.start()
        yield f'http://127.0.0.1:{httpd.server_port}'
        httpd.shutdown()
        thread.join()


def _set(server: str, name: str, content: bytes, *unpack: str) -> DownloadSet:
    """A dataset of one archive, which the server gives."""
    Handler.files[name] = content
    digest = hashlib.md5(content).hexdigest()  # noqa: S324
    file = DownloadFile(f'{server}/{name}', f'md5:{digest}', unpack)
    return DownloadSet('set', 'A set', 'https://page', 'set/a.txt', (file,))


def test_fetched_unpacked_and_not_again(server: str, tmp_path: Path) -> None:
    dataset = _set(server, 'a.tgz', _tar(**{'set/a.txt': b'text'}), '.')
    for _ in range(2):
        found = fetch_set(dataset, tmp_path)
        assert found.read_bytes() == b'text'
    assert Handler.ranges == [None]
    names = [file.name for file in (tmp_path / 'downloads').iterdir()]
    assert names == ['a.tgz.unpacked']


def test_what_was_deleted_is_fetched_again(
    server: str, tmp_path: Path
) -> None:
    dataset = _set(server, 'a.tgz', _tar(**{'set/a.txt': b'text'}), '.')
    fetch_set(dataset, tmp_path).unlink()
    assert fetch_set(dataset, tmp_path).read_bytes() == b'text'
    assert Handler.ranges == [None, None]


def test_of_several_archives_what_was_deleted_is_fetched_again(
    server: str, tmp_path: Path
) -> None:
    files = tuple(
        replace(
            _set(server, f'{name}.zip', _zip(**{name: b'text'}), 'set').files[
                0
            ],
            result=f'set/{name}',
        )
        for name in ('a.txt', 'b.txt')
    )
    dataset = DownloadSet('set', 'A set', 'https://page', 'set/a.txt', files)
    fetch_set(dataset, tmp_path)
    (tmp_path / 'set' / 'b.txt').unlink()
    fetch_set(dataset, tmp_path)
    assert (tmp_path / 'set' / 'b.txt').read_bytes() == b'text'
    assert len(Handler.ranges) == 3  # the other one stays as it is


def test_an_archive_with_other_content(server: str, tmp_path: Path) -> None:
    dataset = _set(server, 'a.zip', _zip(**{'set/b.txt': b'text'}), '.')
    with pytest.raises(InputError, match=r'set/a\.txt in a\.zip, found none'):
        fetch_set(dataset, tmp_path)


def test_a_folder_that_cannot_be_made(server: str, tmp_path: Path) -> None:
    dataset = _set(server, 'a.tgz', _tar(**{'set/a.txt': b'text'}), '.')
    root = tmp_path / 'file'
    root.write_bytes(b'')
    with pytest.raises(InputError, match='file: cannot be the folder'):
        fetch_set(dataset, root)


def test_goes_on_where_it_was_cut_off(server: str, tmp_path: Path) -> None:
    content = _tar(**{'set/a.txt': b'text' * 1000})
    dataset = _set(server, 'a.tgz', content, '.')
    Handler.cut_after = 50
    with pytest.raises(InputError, match='kept: the same command goes on'):
        fetch_set(dataset, tmp_path)
    Handler.cut_after = None
    found = fetch_set(dataset, tmp_path, keep_archives=True)
    assert found.read_bytes() == b'text' * 1000
    assert Handler.ranges == [None, 'bytes=50-']
    assert (tmp_path / 'downloads' / 'a.tgz').read_bytes() == content


def test_a_server_that_begins_again(server: str, tmp_path: Path) -> None:
    dataset = _set(server, 'a.tgz', _tar(**{'set/a.txt': b'text'}), '.')
    part = tmp_path / 'downloads' / 'a.tgz.part'
    part.parent.mkdir()
    part.write_bytes(b'other bytes')
    Handler.takes_ranges = False
    assert fetch_set(dataset, tmp_path).read_bytes() == b'text'


def test_complete_but_not_renamed(server: str, tmp_path: Path) -> None:
    content = _tar(**{'set/a.txt': b'text'})
    dataset = _set(server, 'a.tgz', content, '.')
    part = tmp_path / 'downloads' / 'a.tgz.part'
    part.parent.mkdir()
    part.write_bytes(content)
    assert fetch_set(dataset, tmp_path).read_bytes() == b'text'


def test_another_file_is_not_kept(server: str, tmp_path: Path) -> None:
    dataset = _set(server, 'a.tgz', _tar(**{'set/a.txt': b'text'}), '.')
    Handler.files['a.tgz'] = b'something else'
    with pytest.raises(InputError, match=r'expected md5:\w+, found md5:'):
        fetch_set(dataset, tmp_path)
    assert list((tmp_path / 'downloads').iterdir()) == []


def test_an_archive_brought_by_hand(server: str, tmp_path: Path) -> None:
    content = _tar(**{'set/a.txt': b'text'})
    dataset = _set(server, 'a.tgz', content, '.')
    archive = tmp_path / 'downloads' / 'a.tgz'
    archive.parent.mkdir()
    archive.write_bytes(b'cut short')
    with pytest.raises(InputError, match='damaged or another file. Remove'):
        fetch_set(dataset, tmp_path)
    archive.write_bytes(content)
    assert fetch_set(dataset, tmp_path).read_bytes() == b'text'
    assert Handler.ranges == []


def test_an_archive_in_an_archive(server: str, tmp_path: Path) -> None:
    inner = _tar(**{'a.txt': b'text'})
    content = _zip(**{'set/inner.tar.gz': inner})
    dataset = _set(server, 'a.zip', content, '.', 'set/inner.tar.gz')
    assert fetch_set(dataset, tmp_path).read_bytes() == b'text'
    assert not (tmp_path / 'set' / 'inner.tar.gz').exists()


def test_no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('no_proxy', '*')
    dataset = _set('http://127.0.0.1:9', 'a.tgz', b'', '.')
    with pytest.raises(InputError) as caught:
        fetch_set(dataset, tmp_path)
    assert f'put it to {tmp_path}/downloads/a.tgz' in str(caught.value)


@pytest.mark.parametrize('make', [_tar, _zip])
def test_nothing_lands_outside(make, tmp_path: Path) -> None:
    archive = tmp_path / 'a'
    archive.write_bytes(make(**{'../out.txt': b'text'}))
    with pytest.raises(InputError, match='cannot be unpacked'):
        unpack(archive, tmp_path / 'folder')
    assert not (tmp_path / 'out.txt').exists()


def test_no_archive(tmp_path: Path) -> None:
    archive = tmp_path / 'a.tar'
    archive.write_bytes(b'text')
    with pytest.raises(InputError, match='cannot be unpacked'):
        unpack(archive, tmp_path / 'folder')


def test_a_tar_whose_checksum_does_not_hold(tmp_path: Path) -> None:
    content = random.Random(0).randbytes(100_000)
    packed = bytearray(_tar(a=content))
    packed[len(packed) // 2] ^= 1  # a stored block: unpacks all the same
    archive = tmp_path / 'a.tgz'
    archive.write_bytes(packed)
    with pytest.raises(InputError, match=r'a\.tgz: cannot be unpacked.*CRC'):
        unpack(archive, tmp_path / 'folder')


@pytest.mark.parametrize('fault', ['damaged', 'encrypted', 'method'])
def test_a_zip_that_cannot_be_read(fault: str, tmp_path: Path) -> None:
    archive = tmp_path / 'a.zip'
    with zipfile.ZipFile(archive, 'w', zipfile.ZIP_DEFLATED) as file:
        file.writestr('a', b'text ' * 1000)
    content = bytearray(archive.read_bytes())
    entry = content.rfind(b'PK\x01\x02')
    if fault == 'damaged':
        content[31 : entry - 1] = b'\xff' * (entry - 32)
    elif fault == 'encrypted':
        content[6] |= 1
        content[entry + 8] |= 1
    else:
        content[8] = content[entry + 10] = 99
    archive.write_bytes(content)
    with pytest.raises(InputError, match=r'a\.zip: cannot be unpacked'):
        unpack(archive, tmp_path / 'folder')


def test_what_only_a_person_can_fetch(tmp_path: Path) -> None:
    dataset = read_catalogue()['dior']
    with pytest.raises(InputError, match='ask a person.*gcheng-nwpu'):
        fetch_set(dataset, tmp_path)
    (tmp_path / dataset.result).mkdir(parents=True)
    assert fetch_set(dataset, tmp_path) == tmp_path / dataset.result


def test_catalogue() -> None:
    lengths = dict(md5=32, sha1=40, sha256=64)
    for dataset in read_catalogue().values():
        assert bool(dataset.files) != bool(dataset.by_hand), dataset.name
        for file in dataset.files:
            function, digits = file.checksum.split(':')
            assert re.fullmatch(rf'[0-9a-f]{{{lengths[function]}}}', digits)
            assert file.url.startswith(('http://', 'https://')) and file.unpack


def test_tool_names_the_nearest(tmp_path: Path) -> None:
    tool = ROOT / 'tools' / 'misc' / 'download_dataset.py'
    command = [sys.executable, str(tool), 'voc201']
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 2
    assert "did you mean 'voc2012'?" in done.stderr
