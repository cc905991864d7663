"""Damage is seen, with and without a checksum beside the file."""

import random
import shutil
import subprocess
from pathlib import Path

import pytest
import torch

from mmvision_ext.engine.checkpointing import (
    archive_fault,
    checksum_path,
    fault_of,
    read_checkpoint,
)


def test_a_checkpoint_and_its_checksum(save) -> None:
    path = save(1)
    assert fault_of(path) is None
    assert archive_fault(path) is None
    checksum_path(path).unlink()
    assert fault_of(path) is None  # as mmengine writes them


@pytest.mark.skipif(not shutil.which('sha256sum'), reason='no sha256sum')
def test_sha256sum_reads_the_checksum(save) -> None:
    path = save(1)
    command = ['sha256sum', '--check', checksum_path(path).name]
    subprocess.run(command, cwd=path.parent, check=True, capture_output=True)


@pytest.mark.parametrize('has_checksum', [True, False])
def test_truncation(save, has_checksum: bool) -> None:
    path = save(1)
    if not has_checksum:
        checksum_path(path).unlink()
    content = path.read_bytes()
    for tenth in range(10):
        path.write_bytes(content[: len(content) * tenth // 10])
        assert fault_of(path) is not None
    path.write_bytes(b'')
    assert fault_of(path) == 'the file is empty'


def test_flipped_bytes(save) -> None:
    path = save(1)
    content = path.read_bytes()
    for place in random.Random(0).sample(range(len(content)), 50):
        damaged = bytearray(content)
        damaged[place] ^= 0xFF
        path.write_bytes(damaged)
        assert 'its sha256 is' in fault_of(path)


def test_flipped_bytes_without_a_checksum(save) -> None:
    """The archive's own CRC-32 covers the values, if not every byte."""
    path = save(1)
    checksum_path(path).unlink()
    content, expected = path.read_bytes(), read_checkpoint(path)
    seen = 0
    for place in random.Random(0).sample(range(len(content)), 50):
        damaged = bytearray(content)
        damaged[place] ^= 0xFF
        path.write_bytes(damaged)
        if fault_of(path) is None:
            weight = read_checkpoint(path)['state_dict']['weight']
            assert torch.equal(weight, expected['state_dict']['weight'])
        else:
            seen += 1
    assert seen > 25


@pytest.mark.parametrize(
    ('content', 'fault'),
    [
        (
            dict(state_dict={}),
            'not a state of a training: no meta, no message_hub',
        ),
        ({'a': Path('x')}, 'pathlib'),
    ],
)
def test_other_files(tmp_path: Path, content: dict, fault: str) -> None:
    torch.save(content, tmp_path / 'epoch_1.pth')
    assert fault in fault_of(tmp_path / 'epoch_1.pth')


def test_a_file_that_is_gone(tmp_path: Path) -> None:
    assert 'No such file' in fault_of(tmp_path / 'epoch_1.pth')
