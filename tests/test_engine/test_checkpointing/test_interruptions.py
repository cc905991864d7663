"""Trainings that are killed: none is lost.

MMVISION_EXT_LONG_TESTS=1 resumes after every kill and adds kills at random
times.
"""

import multiprocessing
import os
import random
import signal
import time
import traceback
from pathlib import Path

import pytest
import torch

from mmvision_ext.engine.checkpointing import fault_of, newest_good
from mmvision_ext.testing.file_faults import FileFault
from mmvision_ext.testing.tiny_training import tiny_runner

LONG = bool(os.environ.get('MMVISION_EXT_LONG_TESTS'))


def test_killed_at_every_file_operation(tmp_path: Path) -> None:
    _in_new_process(_kill_everywhere, tmp_path)


@pytest.mark.skipif(not LONG, reason='set MMVISION_EXT_LONG_TESTS=1')
def test_killed_at_random_times(tmp_path: Path) -> None:
    _in_new_process(_kill_at_random, tmp_path)


def _kill_everywhere(root: Path) -> None:
    epochs = 2
    _train(root / 'first', epochs)  # imports write files as well
    with FileFault() as whole:
        _train(root / 'whole', epochs)
    # Of each epoch: it, the best one, it again; two files that are removed.
    assert whole.calls.count('write') >= epochs * 3 * 2
    assert whole.calls.count('unlink') >= 5
    for step in range(len(whole.calls)):
        work_dir = root / str(step)
        assert _wait(_fork(work_dir, epochs, step)) == -signal.SIGKILL
        _assert_nothing_lost(work_dir)
        if LONG or step % 6 == 0:
            assert _wait(_fork(work_dir, epochs)) == 0
            last = work_dir / f'epoch_{epochs}.pth'
            assert newest_good(work_dir).path == last
            assert [*work_dir.glob('epoch_*.pth')] == [last]
            assert not [*work_dir.glob('*.unfinished')]
    print(len(whole.calls), 'kills')


def _kill_at_random(root: Path) -> None:
    wait = random.Random(0).uniform
    work_dir = root / 'run'
    _train(work_dir, 1)
    for _ in range(50):
        process = _fork(work_dir, 10**6, width=300_000)
        time.sleep(wait(0.3, 1.5))
        os.kill(process, signal.SIGKILL)
        assert _wait(process) == -signal.SIGKILL
        _assert_nothing_lost(work_dir)
    print((work_dir / 'journal').read_text().split()[-1], 'epochs')


def _train(
    work_dir: Path, epochs: int, step: int | None = None, width: int = 2
) -> None:
    """Train or resume, with a kill at a file operation."""
    work_dir.mkdir(exist_ok=True)
    runner = tiny_runner(work_dir, epochs, width=width, resume=True)
    with FileFault(step):
        runner.train()


def _assert_nothing_lost(work_dir: Path) -> None:
    """The newest checkpoint is at least the last one that was finished."""
    journal = work_dir / 'journal'
    done = max([int(n) for n in journal.read_text().split()], default=0)
    newest = newest_good(work_dir)
    assert newest.rejected == []  # nothing looks damaged
    if newest.path is None:
        assert done == 0
        return
    assert int(newest.path.stem.removeprefix('epoch_')) in (done, done + 1)
    content = torch.load(newest.path, weights_only=False)
    best = content['message_hub']['runtime_info'].get('best_ckpt')
    assert best is None or fault_of(Path(best)) is None


def _fork(*arguments: object, **options: object) -> int:
    """Train in a copy of this process, which has imported everything."""
    process = os.fork()
    if process:
        return process
    try:
        _train(*arguments, **options)  # type: ignore[arg-type]
        os._exit(0)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(1)


def _wait(process: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def _in_new_process(work: object, folder: Path) -> None:
    """Keep what is changed for the whole process out of other tests."""
    process = multiprocessing.get_context('fork').Process(
        target=_work, args=(work, folder)
    )
    process.start()
    process.join()
    assert process.exitcode == 0


def _work(work: object, folder: Path) -> None:
    torch.set_num_threads(1)
    work(folder)  # type: ignore[operator]
