"""Losses, gradients and weights that are not finite."""

from collections.abc import Iterator
from pathlib import Path

import torch

from mmvision_ext.engine.checkpointing import read_checkpoint
from mmvision_ext.engine.hooks import NonFiniteHook
from mmvision_ext.testing.non_finite_faults import KINDS, faulty_runner
from mmvision_ext.utils import InputError

from .outcome import Outcome


def wrong_values(folder: Path, fast: bool) -> Iterator[Outcome]:
    """Let something become NaN or infinite at each step of a training.

    Args:
        folder: Where the trainings save.
        fast: Whether only the third of four steps is hit.

    Yields:
        An outcome for each step and kind: survived if the training stopped
        with a message and saved nothing that is not finite.
    """
    for step in (3,) if fast else range(1, 5):
        for kind in KINDS:
            work_dir = folder / f'{kind}_{step}'
            runner = faulty_runner(work_dir, {step: kind}, [NonFiniteHook()])
            told = 'the training went on to its end'
            stopped = False
            try:
                runner.train()
            except InputError as error:
                told, stopped = str(error), True
            saved = [*work_dir.glob('*.pth')]
            bad = [str(path) for path in saved if not _is_finite(path)]
            if bad:
                told = f'saved {bad}'
            fault = f'{kind} in step {step}'
            yield Outcome(fault, stopped and not bad, told)


def _is_finite(path: Path) -> bool:
    state = read_checkpoint(path)['state_dict']
    return all(
        bool(torch.isfinite(value).all())
        for name, value in state.items()
        if name != 'mask'  # infinite on purpose, as in a text encoder
    )
