"""A run belongs to one process, and to the training that it started."""

import subprocess
import sys
from pathlib import Path

from mmvision_ext.studies.lock import is_locked, run_lock


def test_one_holder(tmp_path: Path) -> None:
    path = tmp_path / 'study' / 'lock'
    assert not is_locked(path)
    with run_lock(path) as first:
        assert first is not None and is_locked(path)
        with run_lock(path) as second:
            assert second is None
        assert is_locked(path)
    assert not is_locked(path)


def test_a_look_does_not_take_the_lock(tmp_path: Path) -> None:
    path = tmp_path / 'lock'
    with run_lock(path):
        pass
    assert not is_locked(path)
    with run_lock(path) as descriptor:
        assert descriptor is not None


def test_a_child_keeps_the_lock(tmp_path: Path) -> None:
    path = tmp_path / 'lock'
    with run_lock(path) as descriptor:
        child = subprocess.Popen(
            [sys.executable, '-c', 'input()'],
            stdin=subprocess.PIPE,
            pass_fds=[descriptor],
        )
    assert is_locked(path)
    child.communicate(b'\n')
    assert not is_locked(path)
