"""Checkpoints that are cut, changed or not there, and disks that are full."""

import random
from collections.abc import Iterator
from pathlib import Path

import torch

from mmvision_ext.engine.checkpointing import (
    CheckpointWriteError,
    checksum_path,
    newest_good,
    write_checkpoint,
)
from mmvision_ext.testing.file_faults import FileFault

from .outcome import Outcome


def damaged_checkpoints(folder: Path, fast: bool) -> Iterator[Outcome]:
    """Damage the newest of two checkpoints, and what points to it.

    Args:
        folder: Where they are.
        fast: Not used; it is quick.

    Yields:
        An outcome for each damage.
    """
    del fast
    good, bad = save(folder, 1), save(folder, 2)
    content = bad.read_bytes()
    for tenth in range(10):
        bad.write_bytes(content[: len(content) * tenth // 10])
        yield _passed_over(f'truncated to {tenth}0 %', folder, good, bad)
    for place in random.Random(1).sample(range(len(content)), 50):
        damaged = bytearray(content)
        damaged[place] ^= 1 << random.Random(place).randrange(8)
        bad.write_bytes(damaged)
        yield _passed_over(f'flipped bit in byte {place}', folder, good, bad)
    bad.write_bytes(content)
    pointer = folder / 'last_checkpoint'
    for text in ('', 'epoch_', '/gone/epoch_7.pth', '\0\xff\0'):
        pointer.write_text(text)
        yield _found(f'last_checkpoint is {text!r}', folder, bad)
    pointer.unlink()
    yield _found('last_checkpoint is missing', folder, bad)
    checksum_path(bad).write_text('')
    yield _passed_over('the checksum file is empty', folder, good, bad)


def full_disk(folder: Path, fast: bool) -> Iterator[Outcome]:
    """Let every write of a save find the disk full.

    Args:
        folder: Where it saves.
        fast: Not used; it is quick.

    Yields:
        An outcome for each write.
    """
    del fast
    save(folder, 1)
    with FileFault() as whole:
        save(folder, 2)
    for step, name in enumerate(whole.calls):
        if name != 'write':
            continue
        for file in folder.glob('epoch_2*'):
            file.unlink()
        told = 'the save did not fail'
        try:
            with FileFault(step, 'full'):
                save(folder, 2)
        except CheckpointWriteError as error:
            told = str(error)
        survived = 'No space left' in told and bool(newest_good(folder).path)
        yield Outcome(f'full disk at operation {step}', survived, told)


def save(folder: Path, epoch: int) -> Path:
    """Write the checkpoint of an epoch, and name it the last.

    Args:
        folder: Where.
        epoch: Its number; it is the value of all weights.

    Returns:
        The file.
    """
    path = folder / f'epoch_{epoch}.pth'
    content = dict(
        meta=dict(epoch=epoch),
        state_dict=dict(weight=torch.full((50, 20), float(epoch))),
        message_hub={},
    )
    write_checkpoint(content, path)
    (folder / 'last_checkpoint').write_text(str(path))
    return path


def _passed_over(fault: str, folder: Path, good: Path, bad: Path) -> Outcome:
    newest = newest_good(folder)
    told = newest.summary()
    return Outcome(fault, newest.path == good and str(bad) in told, told)


def _found(fault: str, folder: Path, path: Path) -> Outcome:
    newest = newest_good(folder)
    return Outcome(fault, newest.path == path, newest.summary())
