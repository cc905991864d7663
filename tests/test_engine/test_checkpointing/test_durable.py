"""Files are complete under their name, or not there."""

import errno
import hashlib
import os
from pathlib import Path

import pytest

from mmvision_ext.engine.checkpointing.durable import (
    Digester,
    file_digest,
    finish,
    write_text,
    write_unfinished,
)
from mmvision_ext.testing.file_faults import FileFault


def test_the_order_of_the_steps(tmp_path: Path) -> None:
    with FileFault() as fault:
        write_text(tmp_path / 'a', 'text')
    # Data before the name, the name before anything that follows.
    assert fault.calls == ['write', 'fsync', 'replace', 'fsync']
    assert (tmp_path / 'a').read_text() == 'text'
    assert [*tmp_path.iterdir()] == [tmp_path / 'a']


@pytest.mark.parametrize('size', [0, 1, 3 << 20])
def test_the_digest_is_that_of_the_content(tmp_path: Path, size: int) -> None:
    content = os.urandom(size)
    path = tmp_path / 'a'
    digest = write_unfinished(path, lambda file: file.write(content))
    assert not path.exists()
    finish(path)
    assert path.read_bytes() == content
    assert digest == hashlib.sha256(content).hexdigest() == file_digest(path)
    digester = Digester()
    digester.write(content)
    assert (digester.sha256.hexdigest(), digester.size) == (digest, size)


def test_a_full_disk_leaves_the_old_file_alone(tmp_path: Path) -> None:
    path = tmp_path / 'a'
    write_text(path, 'old')
    with pytest.raises(OSError, match='No space left'), FileFault(0, 'full'):
        write_text(path, 'new')
    assert path.read_text() == 'old'
    assert [*tmp_path.iterdir()] == [path]


def test_what_reads_back_differently_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = os.write

    def flip(descriptor: int, data: memoryview) -> int:
        damaged = bytearray(data)
        damaged[-1] ^= 1
        return original(descriptor, damaged)

    monkeypatch.setattr(os, 'write', flip)
    with pytest.raises(OSError, match='reads back differently') as caught:
        write_text(tmp_path / 'a', 'text')
    assert caught.value.errno == errno.EIO
    assert not [*tmp_path.iterdir()]


def test_partial_writes_are_continued(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = os.write
    monkeypatch.setattr(
        os, 'write', lambda file, data: original(file, data[:1000])
    )
    content = os.urandom((1 << 20) + 5000)
    write_unfinished(tmp_path / 'a', lambda file: file.write(content))
    finish(tmp_path / 'a')
    assert (tmp_path / 'a').read_bytes() == content
