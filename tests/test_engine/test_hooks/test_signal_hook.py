"""Real signals to real trainings: each saves, ends, and goes on exactly.

MMVISION_EXT_LONG_TESTS=1 adds every step, both kinds of loops, and workers.
"""

import functools
import itertools
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from mmvision_ext.engine.checkpointing import newest_good, read_checkpoint
from mmvision_ext.testing.resumed_training import differences
from mmvision_ext.testing.signal_faults import (
    STEPS,
    SignalCase,
    complete,
    interrupt,
    last_checkpoint,
)

LONG = bool(os.environ.get('MMVISION_EXT_LONG_TESTS'))
CASES = [
    SignalCase(signal.SIGINT, step=1),  # at the end of an epoch
    SignalCase(signal.SIGTERM, step=0, workers=2),
    SignalCase(signal.SIGUSR1, step=2, is_epoch_based=False, workers=1),
    SignalCase(signal.SIGUSR2, step=2, place='val'),
    SignalCase(signal.SIGTERM, step=2, place='val', is_epoch_based=False),
    # Of the last step only the validation is left.
    SignalCase(signal.SIGTERM, step=STEPS, place='val'),
    SignalCase(signal.SIGTERM, step=STEPS - 1, is_epoch_based=False),
    SignalCase(signal.SIGTERM, step=2, is_stock=True),
]
if LONG:
    CASES += [
        SignalCase(number, step, place, is_epoch_based, workers)
        for number, step, place, is_epoch_based, workers in itertools.product(
            (signal.SIGTERM, signal.SIGINT),
            range(STEPS + 1),
            ('train', 'val'),
            (True, False),
            (0, 2),
        )
        # No step begins after the last, nor a validation after every one.
        if (step < STEPS if place == 'train' else step and not step % 2)
    ]


@pytest.fixture(scope='module')
def uninterrupted(
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[SignalCase], Path]:
    """Folder of the same training without a signal, whatever its workers."""

    @functools.cache
    def train(case: SignalCase) -> Path:
        folder = tmp_path_factory.mktemp('uninterrupted') / 'whole'
        assert complete(folder, case).statuses == [0] * case.processes
        return folder

    return lambda case: train(
        SignalCase(
            is_epoch_based=case.is_epoch_based,
            processes=case.processes,
            is_stock=case.is_stock,
        )
    )


@pytest.mark.parametrize('case', CASES)
def test_saved_and_resumed_exactly(
    case: SignalCase, uninterrupted: Callable, tmp_path: Path
) -> None:
    whole, cut = uninterrupted(case), tmp_path / 'cut'
    ending = interrupt(cut, case)
    assert ending.statuses == [128 + case.number], ending.output
    assert 'Traceback' not in ending.output
    assert ending.output.count('--resume goes on') == 1
    assert ending.survivors == []
    steps = case.step + (case.place == 'train')
    saved = newest_good(cut)
    assert saved.rejected == [] and saved.path is not None
    regular = case.place == 'val' and case.is_epoch_based
    name = f'epoch_{steps // 2}' if regular else f'iter_{steps}'
    assert saved.path.name == f'{name}.pth'
    assert read_checkpoint(saved.path)['meta']['iter'] == steps
    resumed = complete(cut, case)
    assert resumed.statuses == [0], resumed.output
    last = last_checkpoint(case)
    assert differences(whole / last, cut / last) == []
    if not case.is_stock:  # mmengine's hook knows of regular saves only
        kept = {path.name for path in whole.glob('*.pth*')}
        assert {path.name for path in cut.glob('*.pth*')} == kept


def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    case = SignalCase(signal.SIGTERM, step=3, workers=2, times=0)
    ending = interrupt(tmp_path / 'run', case)
    assert ending.statuses == [-signal.SIGTERM]
    assert ending.survivors == []
    newest = newest_good(tmp_path / 'run')
    assert newest.path == tmp_path / 'run' / 'epoch_1.pth'
    assert newest.rejected == []


def test_one_process_of_two_gets_it(
    uninterrupted: Callable, tmp_path: Path
) -> None:
    case = SignalCase(signal.SIGTERM, step=1, processes=2)
    whole, cut = uninterrupted(case), tmp_path / 'cut'
    ending = interrupt(cut, case)
    assert ending.statuses == [143, 143], ending.output
    assert 'Traceback' not in ending.output
    # Agreed while the step after it was computed.
    assert newest_good(cut).path == cut / f'iter_{case.step + 2}.pth'
    assert complete(cut, case).statuses == [0, 0]
    last = last_checkpoint(case)
    assert differences(whole / last, cut / last) == []


def test_two_processes_finish_their_validation(tmp_path: Path) -> None:
    case = SignalCase(signal.SIGINT, step=2, place='val', processes=2)
    ending = interrupt(tmp_path / 'run', case)
    assert ending.statuses == [130, 130], ending.output
    assert newest_good(tmp_path / 'run').path.stem == 'iter_4'
