"""Workers on this machine: one after another, or one a GPU."""

import os
import queue
import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    Future,
    ThreadPoolExecutor,
    wait,
)

import torch

from mmvision_ext.utils import InputError

from .execute import execute_run
from .plan import Run
from .state import State, Status

TICK = 0.5  # seconds between calls of ``on_tick``


def visible_devices() -> list[str]:
    """GPUs that this process may use, as ``CUDA_VISIBLE_DEVICES`` names them.

    Returns:
        One name a GPU; none on a machine without.
    """
    count = torch.cuda.device_count()
    named = os.environ.get('CUDA_VISIBLE_DEVICES')
    if named is not None:
        return [name.strip() for name in named.split(',')][:count]
    return [str(index) for index in range(count)]


def run_locally(
    runs: Sequence[Run],
    script: str,
    workers: int,
    devices: Sequence[str],
    on_tick: Callable[[], None],
) -> Generator[tuple[Run, Status], None, None]:
    """Train runs in processes of their own.

    When the caller stops early, or Ctrl-C arrives, trainings are ended and
    stay resumable.

    Args:
        runs: What to train.
        script: Path of ``tools/train.py``.
        workers: Trainings at a time.
        devices: GPUs; workers take them in turn. None leaves the choice to
            the training.
        on_tick: Called while waiting.

    Yields:
        Run and status, in the order in which they end.
    """
    stop = threading.Event()
    free: queue.Queue[str | None] = queue.Queue()
    for worker in range(workers):
        free.put(devices[worker % len(devices)] if devices else None)

    def work(run: Run) -> Status:
        device = free.get()
        try:
            return execute_run(run, script, device, stop)
        except InputError as error:
            return Status(State.FAILED, str(error))
        finally:
            free.put(device)

    pool = ThreadPoolExecutor(workers)
    try:
        pending: dict[Future[Status], Run] = {
            pool.submit(work, run): run for run in runs
        }
        while pending:
            done, _ = wait(pending, TICK, FIRST_COMPLETED)
            for future in done:
                yield pending.pop(future), future.result()
            on_tick()
    finally:
        stop.set()
        pool.shutdown(wait=True, cancel_futures=True)
