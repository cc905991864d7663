"""Processes that are copies of this one, so that nothing is imported again."""

import os
import traceback
from collections.abc import Callable
from typing import Any


def fork(work: Callable[..., Any], *arguments: Any, **options: Any) -> int:
    """Work in a copy of this process, which prints errors only.

    This process may have one thread of PyTorch only: a copy has no others,
    and waits for them for ever.

    Args:
        work: What the copy does; its exit code is 0 if it returns, else 1.
        *arguments: Passed to ``work``.
        **options: Passed to ``work``.

    Returns:
        Number of the new process, for :func:`wait`.
    """
    process = os.fork()
    if process:
        return process
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    try:
        work(*arguments, **options)
        os._exit(0)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(1)


def wait(process: int) -> int:
    """Wait for the end of a process.

    Args:
        process: Its number.

    Returns:
        Its exit code; minus the signal that ended it.
    """
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
