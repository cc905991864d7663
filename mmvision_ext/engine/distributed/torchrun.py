"""torchrun, with one message at the end of a job that failed.

Example:
    python -m mmvision_ext.engine.distributed.torchrun --standalone \\
        --nproc-per-node=2 tools/train.py CONFIG --launcher pytorch
"""

import argparse
import logging
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from torch.distributed import run as torchrun
from torch.distributed.elastic.multiprocessing.api import SignalException
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError

from mmvision_ext.engine.distributed.job_end import JobEnd, describe_failures

_LOGGERS = ('multiprocessing.api', 'agent.server.api')


def main(arguments: Sequence[str] | None = None) -> int:
    """Start the processes of a job and wait until it ends.

    Where a process ends with an error, torchrun ends the others: by SIGTERM,
    and 30 seconds later by SIGKILL.

    Args:
        arguments: Those of torchrun; None takes the command line's.

    Returns:
        Exit status.
    """
    args = torchrun.parse_args(arguments)
    # They would say in other words what is said below.
    for name in _LOGGERS:
        logging.getLogger(f'torch.distributed.elastic.{name}').setLevel(
            logging.CRITICAL
        )
    try:
        torchrun.run(args)
    except ChildFailedError as error:
        count = torchrun.determine_local_world_size(args.nproc_per_node)
        first = int(args.node_rank) * count
        end = describe_failures(error.failures, range(first, first + count))
    except SignalException as error:
        name = signal.Signals(error.sigval).name
        end = JobEnd(f'the job was asked to end by {name}', 128 + error.sigval)
    else:
        return 0
    print(f'error: {end.message}.{_how_to_go_on(args)}', file=sys.stderr)
    return end.status


def _how_to_go_on(args: argparse.Namespace) -> str:
    if Path(args.training_script).name != 'train.py':
        return ''
    has_it = any(
        part.partition('=')[0] == '--resume'
        for part in args.training_script_args
    )
    command = 'the same command' + (' with --resume' * (not has_it))
    return f'\nTo go on from the newest checkpoint, run {command}.'


if __name__ == '__main__':
    sys.exit(main())
