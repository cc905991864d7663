"""The table of models from the command line."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CONFIG = 'configs/cifar100/resnet20_1xb128-200e_cifar100.py'


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    tool = 'tools/analysis_tools/model_table.py'
    return subprocess.run(
        [sys.executable, tool, *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )


def test_table_and_error() -> None:
    done = _run(CONFIG, '--format', 'csv')
    assert done.returncode == 0, done.stderr
    header, row = done.stdout.splitlines()[-2:]
    assert header == 'name,params,multiply_adds,input_size'
    assert row.startswith('resnet20_1xb128-200e_cifar100,278')
    failed = _run('missing.py')
    assert failed.returncode == 2 and 'missing.py' in failed.stderr
    assert 'Traceback' not in failed.stderr
