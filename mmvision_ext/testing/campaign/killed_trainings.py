"""Trainings that end by SIGKILL, and are resumed."""

import random
import signal
import time
from collections.abc import Iterator
from multiprocessing import get_context
from multiprocessing.context import ForkProcess
from pathlib import Path
from typing import Any

import torch

from mmvision_ext.engine.checkpointing import fault_of, newest_good
from mmvision_ext.testing.file_faults import FileFault
from mmvision_ext.testing.tiny_training import tiny_runner

from .outcome import Outcome

EPOCHS = 2
ENDLESS = 10**6  # epochs
WIDE = 300_000  # inputs, so that a save takes long enough to be hit


def killed_at_file_operations(folder: Path, fast: bool) -> Iterator[Outcome]:
    """Kill at every write, flush, renaming and removal of a training.

    Args:
        folder: Where the trainings save.
        fast: Whether only every sixth training is resumed to its end; what is
            left is checked after each.

    Yields:
        An outcome for each kill.
    """
    _train(folder / 'first', EPOCHS)  # imports write files as well
    with FileFault() as whole:
        _train(folder / 'whole', EPOCHS)
    for step, name in enumerate(whole.calls):
        work_dir = folder / str(step)
        end = _end_of(_child(work_dir, EPOCHS, step))
        told = _what_is_lost(work_dir)
        if end != -signal.SIGKILL:
            told = f'the training was not killed; it ended with {end}'
        if not told and (not fast or step % 6 == 0):
            told = _what_a_resume_lacks(work_dir)
        yield Outcome(f'SIGKILL at operation {step} ({name})', not told, told)


def killed_at_random_moments(folder: Path, fast: bool) -> Iterator[Outcome]:
    """Kill one training again and again, and resume it each time.

    Args:
        folder: Where the training saves.
        fast: Whether it is killed 5 times in the place of 50.

    Yields:
        An outcome for each kill.
    """
    moment = random.Random(0).uniform
    work_dir = folder / 'run'
    _train(work_dir, 1, width=WIDE)
    for number in range(5 if fast else 50):
        process = _child(work_dir, ENDLESS, None, WIDE)
        seconds = moment(0.3, 1.5)
        time.sleep(seconds)
        process.kill()
        end = _end_of(process)
        told = _what_is_lost(work_dir)
        if end != -signal.SIGKILL:
            told = f'the training ended by itself, with {end}'
        fault = f'SIGKILL {number} after {seconds:.2f} s'
        yield Outcome(fault, not told, told)
    newest = newest_good(work_dir).path
    last = int(newest.stem.removeprefix('epoch_')) + 1 if newest else 1
    end = _end_of(_child(work_dir, last, None, WIDE))
    told = '' if end == 0 else f'resuming ended with {end}'
    if not told and _finished_epochs(work_dir) != last:
        told = f'resuming did not end with epoch {last}'
    yield Outcome('resumed after the last of them', not told, told)


def _child(*arguments: Any) -> ForkProcess:
    """Train in a copy of this process, so that nothing is imported again.

    This process may have one thread of PyTorch only: a copy has no others,
    and waits for them for ever.
    """
    process = get_context('fork').Process(target=_train, args=arguments)
    process.start()
    return process


def _end_of(process: ForkProcess) -> int | None:
    """Exit code of a child; minus the signal that ended it."""
    process.join()
    return process.exitcode


def _train(
    work_dir: Path, epochs: int, step: int | None = None, width: int = 2
) -> None:
    """Train or resume, with a kill at a file operation."""
    work_dir.mkdir(exist_ok=True)
    runner = tiny_runner(
        work_dir,
        epochs,
        width=width,
        resume=True,
        # many inputs, long steps: it would diverge
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.2 / width)),
    )
    with FileFault(step):
        runner.train()


def _finished_epochs(work_dir: Path) -> int:
    journal = (work_dir / 'journal').read_text()
    return max([int(number) for number in journal.split()], default=0)


def _what_is_lost(work_dir: Path) -> str:
    """Empty if the newest checkpoint is at least the last finished one."""
    done = _finished_epochs(work_dir)
    newest = newest_good(work_dir)
    if newest.rejected:
        return f'looks damaged: {newest.rejected}'
    if newest.path is None:
        return f'no checkpoint after {done} epochs' if done else ''
    if int(newest.path.stem.removeprefix('epoch_')) < done:
        return f'{newest.path} is the newest after {done} epochs'
    content = torch.load(newest.path, weights_only=False)  # our own
    best = content['message_hub']['runtime_info'].get('best_ckpt')
    fault = fault_of(Path(best)) if best else None
    return f'the best checkpoint {best}: {fault}' if fault else ''


def _what_a_resume_lacks(work_dir: Path) -> str:
    """Train to the end; empty if all is as it should be."""
    end = _end_of(_child(work_dir, EPOCHS))
    if end:
        return f'resuming ended with {end}'
    last = work_dir / f'epoch_{EPOCHS}.pth'
    if newest_good(work_dir).path != last:
        return f'resuming left no good {last}'
    kept = [*work_dir.glob('epoch_*.pth'), *work_dir.glob('*.unfinished')]
    return '' if kept == [last] else f'resuming left {kept}'
