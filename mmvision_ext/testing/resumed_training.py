"""Trainings in processes of their own, and what sets two of them apart."""

import copy
import importlib
import multiprocessing
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Iterable, Iterator, Mapping
from multiprocessing import connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config

from mmvision_ext.engine.launch import build_runner

from .child_processes import forget_the_past

_LIMIT = 300  # seconds of a training
#: What takes seconds to import.
_PARTS = tuple(
    f'{host}.{part}'
    for host in ('mmdet', 'mmpretrain', 'mmvision_ext')
    for part in ('datasets', 'engine', 'evaluation', 'models')
)
# Neither clock times nor what is only shown.
_COMPARED = (
    'state_dict',
    'ema_state_dict',
    'optimizer',
    'param_schedulers',
    'exact_resume',
)


def train_in_new_process(
    cfg: Config,
    work_dir: Path,
    resume_from: Path | None = None,
    processes: int = 1,
) -> None:
    """Train, or resume, in processes that know nothing of other trainings.

    Args:
        cfg: The config; left as it is.
        work_dir: Where the checkpoints go.
        resume_from: A checkpoint; None trains from the beginning.
        processes: Number of processes of a distributed training.

    Raises:
        RuntimeError: If the training fails.
    """
    cfg = copy.deepcopy(cfg)
    cfg.work_dir = str(work_dir)
    cfg.resume = resume_from is not None
    cfg.load_from = str(resume_from) if resume_from else None
    # Children of a server that has imported everything and has no threads: a
    # copy of this process may wait for ever for a lock of a thread of its.
    context = multiprocessing.get_context('forkserver')
    context.set_forkserver_preload([__name__, *_PARTS])
    with tempfile.TemporaryDirectory() as folder:
        arguments = (_own_types(), processes, f'file://{folder}/meeting')
        if not _succeed(
            [
                context.Process(target=_train, args=(cfg, rank, *arguments))
                for rank in range(processes)
            ]
        ):
            raise RuntimeError(
                f'training in {work_dir} failed, or took over {_LIMIT} s'
            )


def _own_types() -> list[str]:
    """Modules that register what only tests have."""
    package = __name__.rpartition('.')[0]
    return [name for name in sys.modules if name.startswith(f'{package}.')]


def _succeed(processes: list[BaseProcess]) -> bool:
    """Run processes to their end; where one fails or hangs, all are ended."""
    end = time.monotonic() + _LIMIT
    for process in processes:
        process.start()
    running: dict[Any, BaseProcess] = {
        process.sentinel: process for process in processes
    }
    while running:
        ready = connection.wait([*running], max(0, end - time.monotonic()))
        if not ready:
            for process in running.values():
                process.kill()
        for sentinel in ready or connection.wait([*running]):
            process = running.pop(sentinel)
            process.join()
            if process.exitcode:
                for other in running.values():
                    other.kill()
    return not any(process.exitcode for process in processes)


def _train(
    cfg: Config,
    rank: int,
    types: Iterable[str],
    processes: int,
    meeting: str,
) -> None:
    torch.set_num_threads(1)
    for name in types:
        importlib.import_module(name)
    if processes > 1:
        cfg.launcher = 'pytorch'
        os.environ.update(
            RANK=str(rank),
            LOCAL_RANK=str(rank),
            WORLD_SIZE=str(processes),
        )
        torch.distributed.init_process_group(
            'gloo', meeting, rank=rank, world_size=processes
        )
    forget_the_past()
    try:
        build_runner(cfg).train()
    except Exception:
        traceback.print_exc()
        raise SystemExit(1) from None


def differences(first: Path, second: Path) -> list[str]:
    """Compare the state of two trainings, bit by bit.

    Args:
        first: A checkpoint.
        second: Another one.

    Returns:
        Names of what differs: weights, buffers, moving average, optimizer,
        schedulers, best score.
    """
    states = [_state(path) for path in (first, second)]
    return [*_compare('', *states)]


def _state(path: Path) -> dict[str, Any]:
    content = torch.load(path, map_location='cpu', weights_only=False)
    state = {key: content.get(key) for key in _COMPARED}
    info = content['message_hub']['runtime_info']
    state['best_score'] = info.get('best_score')
    state['place'] = {key: content['meta'][key] for key in ('epoch', 'iter')}
    return state


def _compare(name: str, first: Any, second: Any) -> Iterator[str]:
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        for key in {**first, **second}:
            part = f'{name}.{key}' if name else str(key)
            yield from _compare(part, first.get(key), second.get(key))
    elif isinstance(first, list | tuple) and isinstance(second, list | tuple):
        if len(first) != len(second):
            yield name
            return
        for index, pair in enumerate(zip(first, second, strict=True)):
            yield from _compare(f'{name}[{index}]', *pair)
    elif isinstance(first, torch.Tensor) and isinstance(second, torch.Tensor):
        if not torch.equal(first, second):
            yield name
    elif isinstance(first, np.ndarray) or isinstance(second, np.ndarray):
        if not np.array_equal(first, second):
            yield name
    elif first != second:
        yield name
