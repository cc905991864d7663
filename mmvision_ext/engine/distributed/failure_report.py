"""What a process of a distributed job tells when it fails."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from torch import distributed
from torch.distributed.elastic.multiprocessing.errors import get_error_handler

# Of the errors of gloo, which are plain RuntimeErrors, and of torch's own.
_LOST = (
    'gloo/transport',
    'DistBackendError: ',
    'DistNetworkError: ',
    'DistStoreError: ',
)


def is_lost_peer(text: str) -> bool:
    """Whether a process failed because another one did not answer.

    Args:
        text: ``type: message`` of its error.

    Returns:
        Whether the reason lies with another process.
    """
    return any(part in text for part in _LOST)


@contextmanager
def report_failure() -> Iterator[None]:
    """Tell torchrun why this process fails.

    Where it fails because another one has ended, whose message is the one
    that counts, a line takes the place of the traceback, and the process ends
    at once, with status 1.
    """
    try:
        yield
    except Exception as error:
        get_error_handler().record_exception(error)
        if not distributed.is_initialized() or not is_lost_peer(
            f'{type(error).__name__}: {error}'
        ):
            raise
        rank = distributed.get_rank()
        # In one piece: others write at the same moment.
        sys.stderr.write(
            f'rank {rank}: lost the connection to another process and ends\n'
        )
        sys.stdout.flush()
        sys.stderr.flush()
        # Python's own end would wait for a process that is stopped.
        os._exit(1)
