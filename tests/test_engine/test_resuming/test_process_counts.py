"""A training that goes on with another number of processes."""

from pathlib import Path

import pytest
import torch

from mmvision_ext.engine.checkpointing import read_checkpoint
from mmvision_ext.testing.distributed_job import tiny_job
from mmvision_ext.testing.resumed_training import train_in_new_process

LAST = 'iter_6.pth'  # three epochs of two steps
SAID = (
    'ExactResumeHook: this training will not be equal to an uninterrupted '
    'one:\n  {} process(es), now {}: dropout and sums over processes come out '
    'differently\n'
)


def _train(
    work_dir: Path,
    processes: int,
    resume_from: Path | None = None,
    samples: int = 2,
) -> None:
    cfg = tiny_job(epochs=3, batch_size=samples // processes)
    train_in_new_process(cfg, work_dir, resume_from, processes)


def _weight(path: Path) -> torch.Tensor:
    return read_checkpoint(path)['state_dict']['layer.weight']


def _log(work_dir: Path) -> str:
    [log] = work_dir.rglob('*.log')
    return log.read_text('utf-8')


@pytest.fixture(scope='module')
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Uninterrupted trainings by one and by two processes."""
    folder = tmp_path_factory.mktemp('trained')
    for processes in (1, 2):
        _train(folder / str(processes), processes)
    return folder


@pytest.mark.parametrize(('before', 'after'), [(2, 1), (1, 2)])
def test_the_same_samples_make_up_a_step(
    before: int, after: int, trained: Path, tmp_path: Path
) -> None:
    # Within the second epoch; the sums are over the same samples.
    saved = trained / str(before) / 'iter_3.pth'
    _train(tmp_path, after, saved)
    expected = _weight(trained / str(before) / LAST)
    found = _weight(tmp_path / LAST)
    assert torch.allclose(found, expected, rtol=1e-5, atol=1e-7)
    assert not torch.allclose(found, _weight(saved), rtol=1e-3)
    assert SAID.format(before, after) in _log(tmp_path)
    assert 'samples a step' not in _log(tmp_path)


def test_larger_steps_are_said(trained: Path, tmp_path: Path) -> None:
    _train(tmp_path, 2, trained / '1' / 'iter_2.pth', samples=4)
    assert (
        SAID.format(1, 2) + '  2 samples a step, now 4: samples go on where '
        'they were; steps are counted on from 2\n'
    ) in _log(tmp_path)
    # Two epochs were left, of one step each.
    assert (tmp_path / 'last_checkpoint').read_text().endswith('iter_4.pth')
    assert _weight(tmp_path / 'iter_4.pth').isfinite().all()
