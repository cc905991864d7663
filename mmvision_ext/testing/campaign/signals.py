"""Signals that ask a training to end."""

import signal
from collections.abc import Iterator
from pathlib import Path

from mmvision_ext.engine.checkpointing import newest_good
from mmvision_ext.testing.resumed_training import differences
from mmvision_ext.testing.signal_faults import (
    STEPS,
    SignalCase,
    complete,
    interrupt,
    last_checkpoint,
)

from .outcome import Outcome


def signals(folder: Path, fast: bool) -> Iterator[Outcome]:
    """Send a signal in each step of a training, and resume it.

    Args:
        folder: Where the trainings save.
        fast: Whether two steps are hit.

    Yields:
        An outcome for each signal: survived if the training saved, ended
        with 128 plus the signal, and after resuming is equal to the one that
        was not interrupted, bit by bit.
    """
    whole = folder / 'whole'
    complete(whole, SignalCase())
    steps = (0, STEPS - 1) if fast else range(STEPS)
    for number in (signal.SIGTERM, signal.SIGINT):
        for step in steps:
            for workers in (0,) if fast else (0, 2):
                case = SignalCase(number, step, workers=workers)
                work_dir = folder / f'{number.name}_{step}_{workers}'
                told = _what_is_wrong(work_dir, whole, case)
                fault = f'{number.name} in step {step}, {workers} workers'
                yield Outcome(fault, not told, told)


def _what_is_wrong(work_dir: Path, whole: Path, case: SignalCase) -> str:
    ending = interrupt(work_dir, case)
    if ending.statuses != [128 + case.number] or ending.survivors:
        return f'ended with {ending.statuses}: {ending.output}'
    saved = newest_good(work_dir).path
    if saved is None or saved.name != f'iter_{case.step + 1}.pth':
        return f'saved {saved}'
    resumed = complete(work_dir, case)
    if resumed.statuses != [0]:
        return f'resuming ended with {resumed.statuses}: {resumed.output}'
    last = last_checkpoint(case)
    different = differences(whole / last, work_dir / last)
    return f'differs in {different}' if different else ''
