"""A request to end: noted, and told from other endings."""

import os
import signal

import pytest

from mmvision_ext.engine.stopping import (
    SIGNALS,
    StopRequest,
    ended_by,
    exit_status,
)


@pytest.fixture
def received(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What a handler of the user's gets."""
    numbers: list[int] = []
    before = signal.signal(
        signal.SIGUSR1, lambda number, frame: numbers.append(number)
    )
    yield numbers
    signal.signal(signal.SIGUSR1, before)


def test_noted_while_it_runs(
    received: list[int], capfd: pytest.CaptureFixture[str]
) -> None:
    request = StopRequest(lambda frame: True)
    assert request.watch()
    for _ in range(3):  # a launcher passes on what the terminal sent to all
        os.kill(os.getpid(), signal.SIGUSR1)
    assert request.received == signal.SIGUSR1
    assert capfd.readouterr().err.count('SIGUSR1') == 1
    request.release()
    os.kill(os.getpid(), signal.SIGUSR1)
    assert received == [signal.SIGUSR1]


def test_given_back_where_nothing_runs(received: list[int]) -> None:
    """A training that failed leaves no handler that swallows Ctrl-C."""
    interrupt = signal.getsignal(signal.SIGINT)
    request = StopRequest(lambda frame: False)
    assert request.watch()
    os.kill(os.getpid(), signal.SIGUSR1)
    assert received == [signal.SIGUSR1] and not request.received
    assert signal.getsignal(signal.SIGINT) is interrupt


def test_exit_statuses() -> None:
    assert [exit_status(n) for n in (signal.SIGINT, signal.SIGTERM)] == [
        130,
        143,
    ]
    for number in SIGNALS:
        assert ended_by(exit_status(number)) == ended_by(-number) == number
    assert ended_by(-signal.SIGKILL) == signal.SIGKILL
    assert [ended_by(status) for status in (0, 1, 2, 137)] == [0, 0, 0, 0]
