"""Processes of trainings that end, fail or hang."""

import multiprocessing
import signal
import sys

import pytest

from mmvision_ext.testing import resumed_training


@pytest.mark.parametrize(
    ('targets', 'expected'),
    [
        ([sys.exit], True),
        ([sys.exit, sys.exit], True),
        ([lambda: sys.exit(3), signal.pause], False),
    ],
)
def test_one_that_fails_ends_all(targets: list, expected: bool) -> None:
    context = multiprocessing.get_context('fork')
    processes = [context.Process(target=target) for target in targets]
    assert resumed_training._succeed(processes) is expected
    assert not any(process.is_alive() for process in processes)


def test_one_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resumed_training, '_LIMIT', 0)
    context = multiprocessing.get_context('fork')
    process = context.Process(target=signal.pause)
    assert not resumed_training._succeed([process])
    assert process.exitcode == -signal.SIGKILL
