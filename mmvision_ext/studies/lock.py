"""One worker a run, across processes."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ATTEMPTS = 5  # a look at the lock by another process holds it for a moment
PAUSE = 0.05  # seconds


@contextmanager
def run_lock(path: Path) -> Iterator[int | None]:
    """Hold a lock, also through child processes that inherit it.

    The training is started with the descriptor, so that a run stays locked
    as long as its training lives, even when the study runner was killed.

    Args:
        path: Lock file; made where missing, and left there.

    Yields:
        Descriptor to pass to the child; None where another process holds
        the lock.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        yield descriptor if _acquire(descriptor) else None
    finally:
        os.close(descriptor)  # no LOCK_UN: it would free the child's as well


def is_locked(path: Path) -> bool:
    """Whether another process holds a lock.

    Args:
        path: Lock file.

    Returns:
        True where it is held.
    """
    if not path.is_file():
        return False
    descriptor = os.open(path, os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _acquire(descriptor: int) -> bool:
    for attempt in range(ATTEMPTS):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(PAUSE * (attempt + 1 < ATTEMPTS))
        else:
            return True
    return False
