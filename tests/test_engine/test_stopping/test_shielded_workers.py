"""Workers of a data loader outlive signals that are not their training's."""

import multiprocessing
import os
import signal
import subprocess
import sys

import pytest
import torch
from torch.utils.data import DataLoader, Dataset

from mmvision_ext.engine.stopping import shield_workers

pytestmark = pytest.mark.skipif(
    not hasattr(signal, 'sigwaitinfo'),
    reason='signals are told apart by Linux',
)


class _Processes(Dataset):
    """Each sample is the number of the process that reads it."""

    def __len__(self) -> int:
        return 100

    def __getitem__(self, index: int) -> int:
        torch.set_num_threads(1)
        return os.getpid()


def _loader() -> DataLoader:
    return DataLoader(_Processes(), num_workers=1, prefetch_factor=1)


def _signal_from_outside(process: int, number: signal.Signals) -> None:
    """Send a signal from a process that is not the worker's training."""
    code = f'import os; os.kill({process}, {int(number)})'
    subprocess.run([sys.executable, '-c', code], check=True, timeout=60)


@pytest.mark.parametrize(
    'number', [signal.SIGTERM, signal.SIGINT, signal.SIGUSR1]
)
def test_goes_on_where_others_ask_it_to_end(number: signal.Signals) -> None:
    loader = _loader()
    shield_workers(loader)
    batches = iter(loader)
    worker = int(next(batches))
    assert worker != os.getpid()
    _signal_from_outside(worker, number)
    assert [int(batch) for batch in batches] == [worker] * 99


def test_ends_where_its_training_asks() -> None:
    loader = _loader()
    shield_workers(loader)
    batches = iter(loader)
    number = int(next(batches))
    [worker] = [
        child
        for child in multiprocessing.active_children()
        if child.pid == number
    ]
    os.kill(number, signal.SIGTERM)
    worker.join(60)
    assert worker.exitcode == 0


def test_shielded_once_and_after_what_the_loader_does() -> None:
    begun: list[int] = []
    loader = DataLoader(
        _Processes(), num_workers=1, worker_init_fn=begun.append
    )
    shield_workers(loader)
    first = loader.worker_init_fn
    shield_workers(loader)
    assert loader.worker_init_fn is first
    assert first.args == (begun.append,)


def test_nothing_to_shield_without_workers() -> None:
    loader = DataLoader(_Processes(), num_workers=0)
    shield_workers(loader)
    assert loader.worker_init_fn is None
