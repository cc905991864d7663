"""The process at fault is found, whatever the others do for want of it."""

import json
from pathlib import Path

import pytest
from torch.distributed.elastic.multiprocessing.errors import ProcessFailure

from mmvision_ext.engine.distributed import describe_failures, is_lost_peer

RESET = 'RuntimeError: [gloo/transport/tcp/pair.cc:538] Connection reset'
TIMED_OUT = 'RuntimeError: [gloo/transport/tcp/buf.cc:1] Timed out waiting'

Job = dict[int, tuple[int, str]]  # rank: exit code, error


def _end(tmp_path: Path, job: Job, ranks: int = 3) -> tuple[str, int]:
    failures = {}
    for rank, (code, error) in job.items():
        file = tmp_path / f'{rank}.json'
        if error:
            info = dict(py_callstack='', timestamp='0')
            message = dict(message=error, extraInfo=info)
            file.write_text(json.dumps(dict(message=message)))
        failures[rank] = ProcessFailure(rank, 100 + rank, code, str(file))
    end = describe_failures(failures, range(ranks))
    return end.message, end.status


@pytest.mark.parametrize(
    ('job', 'message', 'status'),
    [
        (
            {0: (1, RESET), 1: (-9, ''), 2: (-15, '')},
            'rank 1 (process 101) was ended by SIGKILL; where nobody sent it, '
            'the system was out of memory: see `dmesg`',
            137,
        ),
        (
            {2: (-11, ''), 0: (-15, ''), 1: (-15, '')},
            'rank 2 (process 102) was ended by SIGSEGV',
            139,
        ),
        (
            {0: (1, RESET), 1: (1, 'ValueError: boom'), 2: (1, RESET)},
            'rank 1 (process 101) ended with exit status 1: ValueError: boom',
            1,
        ),
        (
            {1: (7, ''), 0: (-15, ''), 2: (143, '')},
            'rank 1 (process 101) ended with exit status 7, see its output '
            'above',
            7,
        ),
        (
            {0: (143, ''), 1: (1, 'ValueError: boom'), 2: (-15, '')},
            'rank 1 (process 101) ended with exit status 1: ValueError: boom',
            1,
        ),
        (
            {0: (2, 'InputError: no file'), 1: (-15, ''), 2: (-15, '')},
            'rank 0 (process 100) ended with exit status 2: InputError: no '
            'file',
            2,
        ),
        (  # torchrun kills what does not end when it is asked to
            {0: (143, ''), 1: (-9, ''), 2: (-15, '')},
            'rank 0 (process 100) was asked to end by SIGTERM',
            143,
        ),
        (
            {1: (-9, ''), 0: (143, ''), 2: (-15, '')},
            'rank 1 (process 101) was ended by SIGKILL; where nobody sent it, '
            'the system was out of memory: see `dmesg`',
            137,
        ),
        (  # and what hangs
            {0: (1, TIMED_OUT), 1: (-15, ''), 2: (-9, '')},
            'rank 2 (process 102) did not answer for as long as the others '
            'wait (env_cfg.dist_cfg.timeout, in seconds), and was ended',
            1,
        ),
        (  # rank 0 was faster to end than the one that it waited for
            {0: (1, RESET), 1: (-15, 'ValueError: boom'), 2: (-15, '')},
            'rank 1 (process 101) ended with exit status 1: ValueError: boom',
            1,
        ),
        (
            {0: (1, RESET), 2: (1, RESET)},
            'rank 1 ended before the others, with exit status 0',
            1,
        ),
        (
            {0: (1, TIMED_OUT), 2: (1, RESET), 1: (-9, '')},
            'rank 1 (process 101) did not answer for as long as the others '
            'wait (env_cfg.dist_cfg.timeout, in seconds), and was ended',
            1,
        ),
        (
            {0: (143, ''), 1: (143, ''), 2: (143, '')},
            'rank 0 (process 100) was asked to end by SIGTERM',
            143,
        ),
        (
            {0: (1, RESET), 1: (1, RESET), 2: (1, RESET)},
            'all processes of this machine lost their connection; where there '
            f'are other machines, the reason is in the output there. {RESET}',
            1,
        ),
    ],
)
def test_the_process_at_fault_is_named(
    job: Job, message: str, status: int, tmp_path: Path
) -> None:
    assert _end(tmp_path, job) == (message, status)


def test_only_errors_of_the_connection_are_those_of_others() -> None:
    assert is_lost_peer(RESET)
    assert is_lost_peer('DistBackendError: NCCL communicator was aborted')
    assert not is_lost_peer('RuntimeError: Connection of the head is missing')
