"""A job of processes that fail ends, with one message and a status."""

import multiprocessing
import signal
from pathlib import Path

import pytest
import torch

from mmvision_ext.engine.distributed.torchrun import main

# Rank 1 fails; the others would wait for minutes.
SCRIPT = """
import os, signal, sys
if os.environ['RANK'] == '1':
    {fault}
signal.alarm(300)
signal.pause()
"""


def _job(path: Path, arguments: list[str]) -> None:
    torch.set_num_threads(1)
    options = ['--standalone', '--nproc-per-node=2']
    raise SystemExit(main([*options, str(path), *arguments]))


def _run(
    fault: str, tmp_path: Path, name: str = 'train.py', *arguments: str
) -> int | None:
    """Exit status of a job, which changes signal handlers of its process."""
    path = tmp_path / name
    path.write_text(SCRIPT.format(fault=fault))
    context = multiprocessing.get_context('fork')
    job = context.Process(target=_job, args=(path, [*arguments]))
    job.start()
    job.join()
    return job.exitcode


@pytest.mark.parametrize(
    ('fault', 'said', 'status'),
    [
        ('os.kill(os.getpid(), 9)', 'was ended by SIGKILL; where', 137),
        ('os._exit(7)', 'ended with exit status 7, see', 7),
    ],
)
def test_the_last_lines_say_who_and_how_to_go_on(
    fault: str,
    said: str,
    status: int,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert _run(fault, tmp_path) == status
    *before, first, second = capfd.readouterr().err.splitlines()
    assert first.startswith('error: rank 1 (process ') and said in first
    assert second == (
        'To go on from the newest checkpoint, run the same command with '
        '--resume.'
    )
    assert not any('Traceback' in line for line in before)


def test_asked_to_end_it_says_so(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    launcher = f'os.kill(os.getppid(), {signal.SIGTERM.value})'
    assert _run(launcher, tmp_path, 'train.py', '--resume') == 143
    assert capfd.readouterr().err.endswith(
        'error: the job was asked to end by SIGTERM.\n'
        'To go on from the newest checkpoint, run the same command.\n'
    )


def test_a_job_without_failure_says_nothing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert _run('pass\nsys.exit()', tmp_path, 'test.py') == 0
    assert 'error' not in capfd.readouterr().err
