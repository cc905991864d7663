"""Why a job of several processes ended."""

import signal
from collections.abc import Mapping
from dataclasses import dataclass

from torch.distributed.elastic.multiprocessing.errors import ProcessFailure

from .failure_report import is_lost_peer

_ASKED = (signal.SIGTERM, signal.SIGINT)  # to end, not a failure


@dataclass(frozen=True)
class JobEnd:
    """How a job ended.

    Attributes:
        message: What happened, in a sentence.
        status: Exit status: that of the process at fault; 128 and the number
            of the signal where one ended it.
    """

    message: str
    status: int


def describe_failures(
    failures: Mapping[int, ProcessFailure], ranks: range
) -> JobEnd:
    """Find the process at fault and say what became of it.

    Once a process has ended, torchrun asks the others to end and kills those
    that do not, and before that those may have failed for want of it; the one
    at fault is the first seen whose own reason is none of these.

    Args:
        failures: Rank to the failure of each process of this machine whose
            exit status was not 0, in the order in which torchrun saw them.
        ranks: Ranks of this machine.

    Returns:
        The end.
    """
    lost = {
        rank: _reason(failure)
        for rank, failure in failures.items()
        if is_lost_peer(_reason(failure))
    }
    found = [rank for rank in failures if rank not in lost]
    following = [rank for rank in found if _is_asked(failures[rank])]
    if following[:1] == [*failures][:1]:  # nothing had gone wrong before
        following += [rank for rank in found if _is_killed(failures[rank])]
    rank = min(found, key=lambda rank: rank in following, default=None)
    silent = any('imed out' in reason for reason in lost.values())
    if rank is None:
        return _outside(failures, ranks, lost)
    failure = failures[rank]
    who = f'rank {rank} (process {failure.pid})'
    status = _status(failure.exitcode)
    if reason := _reason(failure):
        # Of an exception, whatever torchrun sent while the process ended.
        status = status if status < 128 else 1
        return JobEnd(
            f'{who} ended with exit status {status}: {reason}', status
        )
    if silent and status > 128:
        return JobEnd(
            f'{who} did not answer for as long as the others wait '
            '(env_cfg.dist_cfg.timeout, in seconds), and was ended',
            1,
        )
    if _is_asked(failure):
        name = signal.Signals(status - 128).name
        return JobEnd(f'{who} was asked to end by {name}', status)
    if failure.exitcode < 0:
        hint = ''
        if status == 128 + signal.SIGKILL:
            hint = (
                '; where nobody sent it, the system was out of memory: see '
                '`dmesg`'
            )
        name = failure.signal_name()
        return JobEnd(f'{who} was ended by {name}{hint}', status)
    return JobEnd(
        f'{who} ended with exit status {status}, see its output above', status
    )


def _outside(
    failures: Mapping[int, ProcessFailure],
    ranks: range,
    lost: Mapping[int, str],
) -> JobEnd:
    """Where all that failed lost their connection."""
    finished = [rank for rank in ranks if rank not in failures]
    if finished:
        return JobEnd(
            f'rank {finished[0]} ended before the others, with exit status 0',
            1,
        )
    reason = next(iter(lost.values()))
    return JobEnd(
        'all processes of this machine lost their connection; where there '
        f'are other machines, the reason is in the output there. {reason}',
        1,
    )


def _is_killed(failure: ProcessFailure) -> bool:
    return not _reason(failure) and failure.exitcode == -signal.SIGKILL


def _is_asked(failure: ProcessFailure) -> bool:
    return not _reason(failure) and _status(failure.exitcode) - 128 in _ASKED


def _status(exitcode: int) -> int:
    return exitcode if exitcode > 0 else 128 - exitcode


def _reason(failure: ProcessFailure) -> str:
    """Type and message of the error that a process recorded, if any."""
    message = failure.error_file_data.get('message')
    if isinstance(message, dict):
        return str(message.get('message', ''))
    return ''
