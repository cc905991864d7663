"""Trainings that are resumed in a new process end bit by bit the same.

MMVISION_EXT_LONG_TESTS=1 resumes from every step of every combination.
"""

import os
from pathlib import Path
from typing import Any

import pytest

from mmvision_ext.testing.resumed_training import (
    differences,
    train_in_new_process,
)

LONG = bool(os.environ.get('MMVISION_EXT_LONG_TESTS'))
STEPS = 6
# Model, epoch-based or not, workers, and where the short test resumes.
CASES = [
    ('classifier', True, 0, ['iter_2', 'epoch_1']),
    ('classifier', False, 2, ['iter_4']),
    ('detector', True, 2, ['iter_2']),
    ('classifier', True, 2, []),
    ('classifier', False, 0, []),
    ('detector', True, 0, []),
    ('detector', False, 0, []),
    ('detector', False, 2, []),
]


@pytest.mark.parametrize(
    ('model', 'is_epoch_based', 'workers', 'names'),
    [case for case in CASES if LONG or case[-1]],
)
def test_resumed_is_uninterrupted(
    model: str,
    is_epoch_based: bool,
    workers: int,
    names: list[str],
    request: pytest.FixtureRequest,
    tmp_path: Path,
) -> None:
    cfg: Any = request.getfixturevalue(model)(is_epoch_based, workers)
    train_in_new_process(cfg, tmp_path / 'whole')
    if LONG:
        names = [f'iter_{step}' for step in range(1, STEPS)]
        names += ['epoch_1'] * is_epoch_based
    for name in names:
        saved = tmp_path / 'whole' / f'{name}.pth'
        train_in_new_process(cfg, tmp_path / name, saved)
        last = f'iter_{STEPS}.pth'
        found = differences(tmp_path / 'whole' / last, tmp_path / name / last)
        assert not found, name


@pytest.mark.parametrize(
    'model', ['classifier', 'detector'] if LONG else ['classifier']
)
def test_without_the_hook_it_is_not(
    model: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    cfg: Any = request.getfixturevalue(model)(True, 0)
    del cfg.default_hooks['exact_resume']
    train_in_new_process(cfg, tmp_path / 'whole')
    saved = tmp_path / 'whole' / 'epoch_1.pth'
    train_in_new_process(cfg, tmp_path / 'resumed', saved)
    last = f'iter_{STEPS}.pth'
    assert differences(tmp_path / 'whole' / last, tmp_path / 'resumed' / last)


@pytest.mark.skipif(not LONG, reason='set MMVISION_EXT_LONG_TESTS=1')
def test_in_the_runner_of_mmengine(classifier: Any, tmp_path: Path) -> None:
    cfg = classifier(True, 2)
    cfg.runner_type = 'Runner'
    train_in_new_process(cfg, tmp_path / 'whole')
    saved = tmp_path / 'whole' / 'iter_2.pth'
    train_in_new_process(cfg, tmp_path / 'resumed', saved)
    last = f'iter_{STEPS}.pth'
    assert not differences(
        tmp_path / 'whole' / last, tmp_path / 'resumed' / last
    )


@pytest.mark.skipif(not LONG, reason='set MMVISION_EXT_LONG_TESTS=1')
def test_two_processes(classifier: Any, tmp_path: Path) -> None:
    cfg = classifier(True, 2)
    cfg.train_dataloader.batch_size = 2  # of each
    train_in_new_process(cfg, tmp_path / 'whole', processes=2)
    saved = tmp_path / 'whole' / 'iter_2.pth'
    train_in_new_process(cfg, tmp_path / 'resumed', saved, processes=2)
    last = f'iter_{STEPS}.pth'
    whole = tmp_path / 'whole' / last
    assert not differences(whole, tmp_path / 'resumed' / last)
    cfg.train_dataloader.batch_size = 4
    cfg.log_level = 'WARNING'
    train_in_new_process(cfg, tmp_path / 'alone', saved)
    assert differences(whole, tmp_path / 'alone' / last)
    [log] = (tmp_path / 'alone').rglob('*.log')
    text = log.read_text('utf-8')
    assert '2 process(es), now 1' in text
    assert 'samples a step' not in text
