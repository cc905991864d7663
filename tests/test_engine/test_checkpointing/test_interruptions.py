"""Trainings that are killed: none is lost.

MMVISION_EXT_LONG_TESTS=1 resumes after every kill and adds kills at random
times.
"""

import multiprocessing
import os
from pathlib import Path

import pytest
import torch

from mmvision_ext.testing.campaign.killed_trainings import (
    killed_at_file_operations,
    killed_at_random_moments,
)

LONG = bool(os.environ.get('MMVISION_EXT_LONG_TESTS'))


def test_killed_at_every_file_operation(tmp_path: Path) -> None:
    _in_new_process(_kill_everywhere, tmp_path)


@pytest.mark.skipif(not LONG, reason='set MMVISION_EXT_LONG_TESTS=1')
def test_killed_at_random_times(tmp_path: Path) -> None:
    _in_new_process(_kill_at_random, tmp_path)


def _kill_everywhere(root: Path) -> None:
    outcomes = [*killed_at_file_operations(root, fast=not LONG)]
    assert [outcome for outcome in outcomes if not outcome.survived] == []
    # Of both epochs: it, the best one, it again; a write for each and one
    # for each checksum; two files that are removed.
    faults = ' '.join(outcome.fault for outcome in outcomes)
    assert faults.count('write') >= 2 * 3 * 2
    assert faults.count('unlink') >= 5


def _kill_at_random(root: Path) -> None:
    outcomes = [*killed_at_random_moments(root, fast=False)]
    assert len(outcomes) == 50 + 1  # and a resume to the end
    assert [outcome for outcome in outcomes if not outcome.survived] == []


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
