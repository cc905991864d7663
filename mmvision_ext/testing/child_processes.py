"""Work in a process group of its own, as a terminal or Slurm starts it."""

import multiprocessing
import os
import random
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.context import ForkProcess
from pathlib import Path

import numpy as np
import torch
from mmengine.logging import MessageHub

_PATIENCE = 10.0  # seconds for killed processes to be gone


@dataclass(frozen=True)
class Ending:
    """How the processes ended.

    Attributes:
        statuses: Exit status of each, negative for a signal.
        output: What all of them printed.
        survivors: Ids of processes of the group that were left behind.
    """

    statuses: list[int]
    output: str
    survivors: list[int]


def run_children(
    work: Callable[[], None], output: Path, processes: int = 1
) -> Ending:
    """Do work in copies of this process, and wait for their end.

    Args:
        work: What each of them does. Of several, each finds ``RANK`` and the
            rest of PyTorch's variables in its environment.
        output: File for what they print.
        processes: Number of copies.

    Returns:
        How they ended.
    """
    context = multiprocessing.get_context('fork')
    port = _free_port() if processes > 1 else None
    children: list[ForkProcess] = []
    for rank in range(processes):
        group = children[0].pid if children else None
        child = context.Process(
            target=_begin, args=(work, output, rank, processes, port, group)
        )
        child.start()
        _join_group(child.pid or 0, group or 0)
        children.append(child)
    for child in children:
        child.join()
    return Ending(
        [child.exitcode or 0 for child in children],
        output.read_text(),
        _survivors(children[0].pid or 0),
    )


def _begin(
    work: Callable[[], None],
    output: Path,
    rank: int,
    processes: int,
    port: int | None,
    group: int | None,
) -> None:
    _join_group(0, group or 0)
    descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    # Those of this process may be caught by a test.
    sys.stdout = os.fdopen(1, 'w', buffering=1, closefd=False)
    sys.stderr = os.fdopen(2, 'w', buffering=1, closefd=False)
    torch.set_num_threads(1)
    if port is not None:
        os.environ.update(
            RANK=str(rank),
            LOCAL_RANK=str(rank),
            WORLD_SIZE=str(processes),
            MASTER_ADDR='127.0.0.1',
            MASTER_PORT=str(port),
        )
    forget_the_past()
    work()


def forget_the_past() -> None:
    """Be like any other process: random numbers, and no log of mmengine's."""
    random.seed()
    np.random.seed()
    torch.seed()
    MessageHub._instance_dict.clear()


def _join_group(process: int, group: int) -> None:
    """Parent and child both do it: neither has to wait for the other."""
    try:
        os.setpgid(process, group)
    except (PermissionError, ProcessLookupError):
        pass  # done by the other, or ended


def _survivors(group: int) -> list[int]:
    """Processes of a group that do not end; those killed need a moment."""
    end = time.monotonic() + _PATIENCE
    while found := _members(group):
        if time.monotonic() > end:
            break
        time.sleep(0.01)
    return found


def _members(group: int) -> list[int]:
    """Running processes of a group."""
    found = []
    for path in Path('/proc').glob('[0-9]*/stat'):
        try:
            # The name, in parentheses, may contain anything.
            state, _, its_group = (
                path.read_text().rpartition(')')[2].split()[:3]
            )
        except (OSError, ValueError):
            continue  # it has just ended
        if int(its_group) == group and state != 'Z':
            found.append(int(path.parent.name))
    return found


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        return free.getsockname()[1]
