"""Processes of a distributed training that fail, each in its own way.

Importing this module registers the hook: a config does it by
``custom_imports=dict(imports=['mmvision_ext.testing.rank_faults'])``.
"""

import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from mmengine.runner import Runner

#: What a process can do: be killed, raise, end at once with status 7 or 0,
#: wait for ever, be stopped.
RANK_FAULTS = ('kill', 'exception', 'exit', 'exit_zero', 'hang', 'stop')
STAMP = 'failed_at'  # file in the work directory: the time of the fault


def fail(kind: str) -> None:
    """Let this process fail.

    Args:
        kind: One of :data:`RANK_FAULTS`.

    Raises:
        ValueError: For ``'exception'``.
    """
    if kind == 'kill':
        os.kill(os.getpid(), signal.SIGKILL)
    elif kind == 'exit':
        os._exit(7)
    elif kind == 'exit_zero':
        os._exit(0)
    elif kind == 'hang':
        threading.Event().wait()
    elif kind == 'stop':
        os.kill(os.getpid(), signal.SIGSTOP)
    else:
        raise ValueError('injected')


@HOOKS.register_module()
class RankFaultHook(Hook):
    """Lets a process of a training fail before a step.

    Args:
        kind: One of :data:`RANK_FAULTS`.
        rank: Which process.
        step: Number of the step, from 0.
    """

    def __init__(self, kind: str, rank: int = 1, step: int = 3) -> None:
        self.kind = kind
        self.rank = rank
        self.step = step

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None
    ) -> None:
        """Fail where it is time, and note when.

        Args:
            runner: The runner.
            batch_idx: Not used.
            data_batch: Not used.
        """
        if get_rank() == self.rank and runner.iter == self.step:
            stamp = Path(runner.work_dir) / STAMP
            stamp.write_text(str(time.time()), encoding='utf-8')
            fail(self.kind)
