"""Counts of several processes."""

import ast
from pathlib import Path

import torch

from mmvision_ext.engine.images import Cases, ImageFault


def _work(rank: int, folder: str) -> None:
    torch.set_num_threads(1)
    torch.distributed.init_process_group(
        'gloo', init_method=f'file://{folder}/group', rank=rank, world_size=2
    )
    cases = Cases(10)
    told = []
    # One that both meet, one of each; then one that only the second meets.
    for index in (4, 5 + rank):
        cases.add(index, ImageFault.EMPTY)
        cases.replacements[index] = 9
    cases.merge()
    told.append((cases.indices(), cases.replacements.tolist()))
    if rank:
        cases.add(0, ImageFault.CUT_OFF)
    for _ in range(2):
        cases.merge()
    told.append((cases.indices(), int(cases.faults[0])))
    (Path(folder) / f'told{rank}').write_text(repr(told))
    torch.distributed.destroy_process_group()


def test_two_processes(tmp_path: Path) -> None:
    torch.multiprocessing.start_processes(
        _work, (str(tmp_path),), nprocs=2, start_method='fork'
    )
    told = [(tmp_path / f'told{rank}').read_text() for rank in range(2)]
    assert told[0] == told[1]
    first, second = ast.literal_eval(told[0])
    assert first == ([4, 5, 6], [-1] * 4 + [9] * 3 + [-1] * 3)
    assert second == ([0, 4, 5, 6], int(ImageFault.CUT_OFF))


def test_one_sample_counts_once() -> None:
    cases = Cases(3)
    for fault in (ImageFault.EMPTY, ImageFault.MISSING):
        cases.add(1, fault)
    cases.merge()
    assert len(cases) == 1
    assert cases.indices() == [1]
