"""A copy of the checkout's root to follow a page in, and how to follow it."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def checkout(repository: Path, tmp_path: Path) -> Path:
    """A folder that looks like the root of the checkout."""
    for name in ('configs', 'projects', 'tools'):
        (tmp_path / name).symlink_to(repository / name)
    return tmp_path


@pytest.fixture
def run(checkout: Path) -> Callable[[str], str]:
    """Run bash in the checkout; the test fails where it does."""

    def follow(command: str) -> str:
        done = subprocess.run(
            ['bash', '-euo', 'pipefail', '-c', command],
            cwd=checkout,
            env={
                **os.environ,
                'PATH': f'{Path(sys.executable).parent}:{os.environ["PATH"]}',
                'OMP_NUM_THREADS': '1',
                'CUDA_VISIBLE_DEVICES': '',
            },
            capture_output=True,
            text=True,
            timeout=900,
        )
        assert done.returncode == 0, f'{done.stdout}\n{done.stderr}'
        return done.stdout + done.stderr

    return follow
