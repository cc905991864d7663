"""Processes that load data while their training is asked to end."""

import functools
import os
import signal
import threading
from collections.abc import Callable

from torch.utils.data import DataLoader

from .request import SIGNALS

Begin = Callable[[int], None]


def shield_workers(loader: DataLoader) -> None:
    """Let only the training itself end the workers of its data loader.

    Terminals and Slurm send signals to every process. Workers that obeyed
    would leave the training without data before it has saved.

    Args:
        loader: A data loader whose workers are not started yet.
    """
    begin = loader.worker_init_fn
    is_shielded = isinstance(begin, functools.partial) and begin.func is _begin
    if loader.num_workers and not is_shielded:
        loader.worker_init_fn = functools.partial(_begin, begin)


def _begin(begin: Begin | None, worker: int) -> None:
    """Begin a worker; called in its process."""
    if begin is not None:
        begin(worker)
    if hasattr(signal, 'sigwaitinfo'):  # Linux
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        threading.Thread(
            target=_obey, args=(os.getppid(),), daemon=True
        ).start()


def _obey(parent: int) -> None:
    """Take signals, and obey those of one process."""
    while signal.sigwaitinfo(SIGNALS).si_pid != parent:
        pass
    os._exit(0)
