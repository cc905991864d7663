"""The newest checkpoint that verifies is found, whatever is beside it."""

import os
import random
import shutil
from pathlib import Path

import pytest

from mmvision_ext.engine.checkpointing import checksum_path, newest_good


def test_the_last_of_several(save, tmp_path: Path) -> None:
    assert newest_good(tmp_path).path is None
    for epoch in (9, 10, 11):
        path = save(epoch)
    newest = newest_good(tmp_path)
    assert (newest.path, newest.rejected) == (path, [])


@pytest.mark.parametrize('tenth', range(10))
def test_a_truncated_file_is_passed_over(
    save, tmp_path: Path, tenth: int
) -> None:
    good, bad = save(1), save(2)
    os.truncate(bad, bad.stat().st_size * tenth // 10)
    newest = newest_good(tmp_path)
    assert newest.path == good
    assert str(bad) in newest.summary()


def test_flipped_bytes_are_passed_over(save, tmp_path: Path) -> None:
    good, bad = save(1), save(2)
    content = bad.read_bytes()
    for place in random.Random(1).sample(range(len(content)), 50):
        damaged = bytearray(content)
        damaged[place] ^= 1 << random.Random(place).randrange(8)
        bad.write_bytes(damaged)
        assert newest_good(tmp_path).path == good


@pytest.mark.parametrize(
    ('pointer', 'told'),
    [
        ('', 'names no file'),
        ('epoch_', 'names epoch_, which is not there'),
        ('/gone/epoch_7.pth', 'names /gone/epoch_7.pth, which is not there'),
        ('\0\xff\0', 'names no file'),
        (None, None),
    ],
)
def test_last_checkpoint_is_no_help(
    save, tmp_path: Path, pointer: str | None, told: str | None
) -> None:
    save(1)
    path = save(2)
    last = tmp_path / 'last_checkpoint'
    last.unlink() if pointer is None else last.write_text(pointer)
    newest = newest_good(tmp_path)
    assert newest.path == path
    assert told is None or told in newest.summary()


def test_a_damaged_checksum_does_not_lose_the_run(
    save, tmp_path: Path
) -> None:
    path = save(1)
    checksum_path(path).write_text('')
    newest = newest_good(tmp_path)
    assert newest.path == path
    assert 'lists nothing' in newest.summary()


def test_a_save_that_last_checkpoint_does_not_name_yet(
    save, tmp_path: Path
) -> None:
    save(1)
    pointer = (tmp_path / 'last_checkpoint').read_text()
    path = save(2)
    (tmp_path / 'last_checkpoint').write_text(pointer)
    assert newest_good(tmp_path).path == path


def test_an_earlier_training_in_the_same_folder(save, tmp_path: Path) -> None:
    old = save(30)
    os.utime(old, (1, 1))
    path = save(2)
    newest = newest_good(tmp_path)
    assert newest.path == path
    path.write_bytes(b'')
    newest = newest_good(tmp_path)
    assert newest.path is None
    assert 'of an earlier training' in newest.summary()


def test_a_copied_folder_without_its_times(save, tmp_path: Path) -> None:
    for epoch in (1, 2, 3):
        save(epoch)
    moved = tmp_path / 'moved'
    moved.mkdir()
    for time, epoch in enumerate((2, 3, 1)):
        shutil.copy(tmp_path / f'epoch_{epoch}.pth', moved)
        os.utime(moved / f'epoch_{epoch}.pth', (time, time))
    shutil.copy(tmp_path / 'last_checkpoint', moved)
    assert newest_good(moved).path == moved / 'epoch_3.pth'
    (moved / 'epoch_3.pth').write_bytes(b'')
    assert newest_good(moved).path == moved / 'epoch_2.pth'


def test_checkpoints_elsewhere(save, tmp_path: Path) -> None:
    path = save(1)
    work_dir = tmp_path / 'work'
    work_dir.mkdir()
    assert newest_good(work_dir, tmp_path).path == path
    (work_dir / 'last_checkpoint').write_text(str(path))
    assert newest_good(work_dir).path == path


def test_names_of_other_files(save, tmp_path: Path) -> None:
    path = save(1)
    for name in ('best_epoch_9.pth', 'epoch_9-0a1b2c3d.pth', 'epoch_x.pth'):
        shutil.copy(path, tmp_path / name)
    assert newest_good(tmp_path).path == path


@pytest.mark.parametrize(
    ('template', 'name'),
    [('state.{}.pt', 'state.7.pt'), ('epoch_{:03d}.pth', 'epoch_007.pth')],
)
def test_other_names(save, tmp_path: Path, template: str, name: str) -> None:
    shutil.move(save(1), tmp_path / name)
    (tmp_path / 'last_checkpoint').unlink()
    assert newest_good(tmp_path, None, (template,)).path == tmp_path / name
