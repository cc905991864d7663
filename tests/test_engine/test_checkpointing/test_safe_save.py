"""What a save leaves, and what it says when the disk is full."""

import subprocess
from pathlib import Path

import pytest
import torch

from mmvision_ext.engine.checkpointing import (
    CheckpointWriteError,
    checksum_path,
    content_digest,
    fault_of,
    read_checkpoint,
    remove_checkpoint,
    remove_leftovers,
    write_checkpoint,
)
from mmvision_ext.testing.file_faults import FileFault
from mmvision_ext.utils import InputError


def _content(value: float, size: int = 1000) -> dict:
    return dict(state_dict=dict(weight=torch.full((size,), value)))


def test_a_checkpoint_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / 'new' / 'epoch_1.pth'
    for value in (1.0, 2.0):
        write_checkpoint(_content(value), path)
        loaded = read_checkpoint(path)['state_dict']['weight']
        assert torch.equal(loaded, torch.full((1000,), value))
        assert 'not a state' in fault_of(path)
        listed = checksum_path(path).read_text()
        assert listed == f'{content_digest(_content(value))}  epoch_1.pth\n'
    assert {file.name for file in path.parent.iterdir()} == {
        'epoch_1.pth',
        'epoch_1.pth.sha256',
    }
    remove_checkpoint(path)
    remove_checkpoint(path)
    assert not [*path.parent.iterdir()]


def test_a_full_disk_at_every_write(tmp_path: Path) -> None:
    path = tmp_path / 'epoch_1.pth'
    write_checkpoint(_content(1.0), path)
    with FileFault() as fault:
        write_checkpoint(_content(2.0), path)
    for step in range(len(fault.calls)):
        if 'write' not in fault.calls[step:]:
            continue
        write_checkpoint(_content(1.0), path)
        with (
            pytest.raises(CheckpointWriteError) as caught,
            FileFault(step, 'full'),
        ):
            write_checkpoint(_content(2.0), path)
        text = str(caught.value)
        assert 'epoch_1.pth: could not be saved: No space left' in text
        assert 'The save needs 0.0 MB beside' in text
        weight = read_checkpoint(path)['state_dict']['weight']
        assert weight[0] in (1.0, 2.0)
        assert not [*tmp_path.glob('*.unfinished')]


def test_a_full_disk_tells_the_size(tmp_path: Path) -> None:
    with (
        pytest.raises(CheckpointWriteError, match=r'needs 4\.0 MB beside'),
        FileFault(0, 'full'),
    ):
        write_checkpoint(_content(1.0, 10**6), tmp_path / 'epoch_1.pth')
    assert not [*tmp_path.iterdir()]


def test_a_small_file_system(tmp_path: Path) -> None:
    mount = ['mount', '-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', str(tmp_path)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip('mounting a tmpfs is not permitted here')
    try:
        path = tmp_path / 'epoch_1.pth'
        write_checkpoint(_content(1.0, 300_000), path)
        with pytest.raises(CheckpointWriteError, match='needs 1.2 MB'):
            write_checkpoint(_content(2.0, 300_000), path)
        assert read_checkpoint(path)['state_dict']['weight'][0] == 1
        assert not [*tmp_path.glob('*.unfinished')]
    finally:
        subprocess.run(['umount', str(tmp_path)], check=True)


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / 'file').touch()
    with pytest.raises(CheckpointWriteError, match='could not be saved'):
        write_checkpoint({}, tmp_path / 'file' / 'epoch_1.pth')


def test_what_cannot_be_saved_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match='not saved: a: function cannot'):
        write_checkpoint({'a': lambda: 0}, tmp_path / 'epoch_1.pth')
    assert not [*tmp_path.iterdir()]


def test_leftovers(tmp_path: Path) -> None:
    kept = {'epoch_2.pth', 'epoch_2.pth.sha256', 'notes.unfinished'}
    left = {
        'epoch_1.pth.sha256',
        'epoch_3.pth.sha256.unfinished',
        'epoch_3.pth.unfinished',
        'last_checkpoint.unfinished',
    }
    for name in kept | left:
        (tmp_path / name).touch()
    assert remove_leftovers(tmp_path) == sorted(left)
    assert {file.name for file in tmp_path.iterdir()} == kept
    assert remove_leftovers(tmp_path / 'gone') == []
