"""Checkpoints that are cut, changed or not there, and disks that are full."""

import random
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import torch

from mmvision_ext.engine.checkpointing import (
    CheckpointWriteError,
    checksum_path,
    newest_good,
    write_checkpoint,
)
from mmvision_ext.testing.file_faults import FileFault
from mmvision_ext.testing.tiny_training import tiny_runner

from .outcome import Outcome

NEWEST = 'epoch_2.pth'


def damaged_checkpoints(folder: Path, fast: bool) -> Iterator[Outcome]:
    """Damage the newest of two checkpoints, or what points to it, and resume.

    Args:
        folder: Where the trainings are.
        fast: Not used; it is quick.

    Yields:
        An outcome for each damage: survived if the training went on from the
        newest checkpoint that is sound, named the other, and ended.
    """
    del fast
    whole = folder / 'whole'
    _train(whole, 2)
    content = (whole / NEWEST).read_bytes()
    for tenth in range(10):
        cut = content[: len(content) * tenth // 10]
        yield _resumed(whole, f'truncated to {tenth}0 %', {NEWEST: cut}, 1)
    for place in random.Random(1).sample(range(len(content)), 50):
        damaged = bytearray(content)
        damaged[place] ^= 1 << random.Random(place).randrange(8)
        changed = {NEWEST: bytes(damaged)}
        yield _resumed(whole, f'flipped bit in byte {place}', changed, 1)
    for text in ('', 'epoch_', '/gone/epoch_7.pth', '\0\xff\0'):
        changed = {'last_checkpoint': text.encode()}
        yield _resumed(whole, f'last_checkpoint is {text!r}', changed, 2)
    missing: dict[str, bytes | None] = {'last_checkpoint': None}
    yield _resumed(whole, 'last_checkpoint is missing', missing, 2)
    checksum = checksum_path(whole / NEWEST).name
    yield _resumed(whole, 'the checksum file is empty', {checksum: b''}, 1)


def full_disk(folder: Path, fast: bool) -> Iterator[Outcome]:
    """Let every write of a save find the disk full, and resume later.

    Args:
        folder: Where the trainings are.
        fast: Not used; it is quick.

    Yields:
        An outcome for each write: survived if the message says so, and the
        training went on from its last checkpoint once there was room.
    """
    del fast
    whole = folder / 'whole'
    _train(whole, 1)
    with FileFault() as seen:
        _train(_copy(whole), 2)
    for step, name in enumerate(seen.calls):
        if name != 'write':
            continue
        work_dir = _copy(whole)
        told = 'the save did not fail'
        try:
            with FileFault(step, 'full'):
                _train(work_dir, 2)
        except CheckpointWriteError as error:
            told = str(error)
        lacks = '' if 'No space left' in told else told
        newest = newest_good(work_dir).path  # epoch 2 where only a name failed
        expected = 2 if newest == work_dir / NEWEST else 1
        lacks = lacks or _what_is_lost(work_dir, expected, 3)
        yield Outcome(
            f'full disk at operation {step}', not lacks, lacks or told
        )


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
        meta=dict(epoch=epoch, iter=epoch),
        state_dict=dict(weight=torch.full((50, 20), float(epoch))),
        message_hub=dict(log_scalars={}, runtime_info={}, resumed_keys={}),
    )
    write_checkpoint(content, path)
    (folder / 'last_checkpoint').write_text(str(path))
    return path


def _train(work_dir: Path, epochs: int) -> None:
    work_dir.mkdir(exist_ok=True)
    tiny_runner(
        work_dir, epochs, checkpoint=dict(max_keep_ckpts=2), resume=True
    ).train()


def _copy(whole: Path) -> Path:
    """The training that ``whole`` holds, in a new folder of its own."""
    number = len(list(whole.parent.iterdir()))
    work_dir = whole.parent / str(number)
    shutil.copytree(whole, work_dir)
    pointer = work_dir / 'last_checkpoint'
    name = Path(pointer.read_text()).name
    pointer.write_text(str(work_dir / name))
    return work_dir


def _resumed(
    whole: Path,
    fault: str,
    changed: Mapping[str, bytes | None],
    expected: int,
) -> Outcome:
    """Change files of a training, and resume it to its third epoch."""
    work_dir = _copy(whole)
    for name, content in changed.items():
        if content is None:
            (work_dir / name).unlink()
        else:
            (work_dir / name).write_bytes(content)
    told = newest_good(work_dir).summary()
    lacks = _what_is_lost(work_dir, expected, 3)
    if expected == 1 and str(work_dir / NEWEST) not in told:
        lacks = lacks or f'the damaged file is not named: {told}'
    return Outcome(fault, not lacks, lacks or told)


def _what_is_lost(work_dir: Path, expected: int, epochs: int) -> str:
    """Resume to the end; empty if it went on from the epoch expected."""
    journal = work_dir / 'journal'
    before = len(journal.read_text().split())
    try:
        _train(work_dir, epochs)
    except Exception as error:  # whatever a broken resume raises
        return f'resuming failed: {error!r}'
    done = [int(text) for text in journal.read_text().split()[before:]]
    if done != list(range(expected + 1, epochs + 1)):
        return f'went on with the epochs {done}, not from {expected}'
    last = work_dir / f'epoch_{epochs}.pth'
    if newest_good(work_dir).path != last:
        return f'resuming left no good {last}'
    return ''
