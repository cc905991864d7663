"""What the main process meets, all processes learn."""

from pathlib import Path

import pytest
import torch

from mmvision_ext.engine.checkpointing import (
    CheckpointWriteError,
    on_main_process,
)
from mmvision_ext.utils import InputError


def test_one_process() -> None:
    assert on_main_process(lambda: 3) == 3
    with pytest.raises(ZeroDivisionError):
        on_main_process(lambda: 1 // 0)


def _work(rank: int, folder: str) -> None:
    torch.distributed.init_process_group(
        'gloo', init_method=f'file://{folder}/group', rank=rank, world_size=2
    )
    told = []
    done = Path(folder) / 'done'
    assert on_main_process(lambda: done.touch() or 'result') == 'result'
    assert done.exists()
    for error in (CheckpointWriteError('disk full'), KeyError('name')):

        def fail(error: Exception = error) -> None:
            raise error

        try:
            on_main_process(fail)
        except Exception as caught:
            told.append(f'{type(caught).__name__}: {caught}')
    (Path(folder) / f'told{rank}').write_text('\n'.join(told))
    torch.distributed.destroy_process_group()


def test_two_processes(tmp_path: Path) -> None:
    torch.multiprocessing.start_processes(
        _work,
        (str(tmp_path),),
        nprocs=2,
        start_method='fork',  # a spawned process imports for seconds
    )
    assert (tmp_path / 'told0').read_text().splitlines() == [
        'CheckpointWriteError: disk full',
        "KeyError: 'name'",
    ]
    assert (tmp_path / 'told1').read_text().splitlines() == [
        'CheckpointWriteError: the main process failed: '
        'CheckpointWriteError: disk full',
        "InputError: the main process failed: KeyError: 'name'",
    ]
    assert issubclass(CheckpointWriteError, InputError)
