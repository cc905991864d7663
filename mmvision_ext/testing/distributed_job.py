"""Distributed trainings of seconds, started as a user starts them."""

import copy
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmengine.config import Config

from . import rank_faults, tiny_training
from .paths import REPOSITORY

_LIMIT = 300  # seconds of a job


@dataclass(frozen=True)
class JobResult:
    """How a job ended.

    Attributes:
        status: Exit status.
        seconds: From the fault to the end; None where no fault happened.
        output: What all processes printed.
    """

    status: int
    seconds: float | None
    output: str


def tiny_job(epochs: int = 2, batch_size: int = 1) -> Config:
    """A training of four samples, with the hooks of the runtime bases.

    Args:
        epochs: How many; each is saved, and so is every step.
        batch_size: Samples of each process.

    Returns:
        The config.
    """
    loader = dict(
        dataset=dict(type='TinyLines', width=2),
        batch_size=batch_size,
        num_workers=0,
        collate_fn=dict(type='default_collate'),
        sampler=dict(type='DefaultSampler', shuffle=True),
    )
    checkpoint = dict(
        type='mmvision_ext.SafeCheckpointHook', by_epoch=False, interval=1
    )
    return Config(
        dict(
            default_scope='mmengine',
            runner_type='mmvision_ext.Runner',
            model=dict(type='TinyLine', width=2),
            train_dataloader=loader,
            train_cfg=dict(by_epoch=True, max_epochs=epochs),
            optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
            default_hooks=dict(
                checkpoint=checkpoint,
                exact_resume=dict(type='mmvision_ext.ExactResumeHook'),
                signals=dict(type='mmvision_ext.SignalHook'),
            ),
            env_cfg=dict(dist_cfg=dict(backend='nccl')),
            randomness=dict(seed=0),
        )
    )


def run_job(
    cfg: Config,
    work_dir: Path,
    processes: int,
    fault: dict[str, Any] | None = None,
    script: Path | None = None,
    arguments: Sequence[str] = (),
) -> JobResult:
    """Train with several processes on this machine.

    Args:
        cfg: The config; left as it is.
        work_dir: Folder of the run.
        processes: How many.
        fault: Arguments of
            :class:`~mmvision_ext.testing.rank_faults.RankFaultHook`; None for
            none.
        script: A ``train.py`` that is started by torchrun; None takes
            ``tools/dist_train.sh``.
        arguments: Further ones of the training script.

    Returns:
        How it ended.

    Raises:
        subprocess.TimeoutExpired: It did not end in five minutes.
    """
    work_dir.mkdir(parents=True, exist_ok=True)
    config = _write_config(cfg, work_dir, fault)
    command = _command(config, processes, script)
    log = work_dir / 'output.txt'
    with log.open('w', encoding='utf-8') as out:
        job = subprocess.Popen(
            [*command, '--work-dir', str(work_dir), *arguments],
            cwd=REPOSITORY,
            env={**os.environ, 'PYTHON': sys.executable},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        try:
            status = job.wait(_LIMIT)
        except subprocess.TimeoutExpired:
            job.terminate()  # torchrun ends the others
            job.wait()
            raise
    end = time.time()
    stamp = work_dir / rank_faults.STAMP
    seconds = None
    if stamp.exists():
        seconds = end - float(stamp.read_text('utf-8'))
        stamp.unlink()
    return JobResult(status, seconds, log.read_text('utf-8'))


def _write_config(
    cfg: Config, work_dir: Path, fault: dict[str, Any] | None
) -> Path:
    """Write the config, with the fault, beside the run."""
    cfg = copy.deepcopy(cfg)
    cfg.custom_imports = dict(
        imports=[rank_faults.__name__, tiny_training.__name__]
    )
    if fault is not None:
        hook = dict(type='mmengine.RankFaultHook', **fault)
        cfg.custom_hooks = [*cfg.get('custom_hooks', []), hook]
    path = work_dir / 'job.py'
    cfg.dump(path)
    return path


def _command(config: Path, processes: int, script: Path | None) -> list[str]:
    if script is None:
        launcher = REPOSITORY / 'tools' / 'dist_train.sh'
        return ['bash', str(launcher), str(config), str(processes)]
    return [
        *[sys.executable, '-m', 'torch.distributed.run', '--standalone'],
        f'--nproc-per-node={processes}',
        *[str(script), str(config), '--launcher', 'pytorch'],
    ]
