"""A training of two processes, started by the shell script, loses one.

MMVISION_EXT_LONG_TESTS=1 runs them: each imports everything three times.
"""

import os
from importlib import util
from pathlib import Path

import pytest

from mmvision_ext.testing.distributed_job import run_job, tiny_job
from mmvision_ext.testing.rank_faults import RANK_FAULTS

pytestmark = pytest.mark.skipif(
    not os.environ.get('MMVISION_EXT_LONG_TESTS'),
    reason='set MMVISION_EXT_LONG_TESTS=1',
)
TIMEOUT = 20  # seconds that a process waits for another one
SAID = dict(
    kill='was ended by SIGKILL; where nobody sent it',
    exception='ended with exit status 1: ValueError: injected',
    exit='ended with exit status 7, see its output above',
    exit_zero='ended before the others, with exit status 0',
    hang='did not answer for as long as the others wait',
    stop='did not answer for as long as the others wait',
)
STATUS = dict(kill=137, exit=7)  # else 1


@pytest.mark.parametrize('kind', RANK_FAULTS)
def test_the_job_ends_within_a_minute_and_goes_on(
    kind: str, tmp_path: Path
) -> None:
    cfg = tiny_job()
    cfg.env_cfg.dist_cfg.timeout = TIMEOUT
    failed = run_job(cfg, tmp_path, 2, dict(kind=kind))
    assert failed.seconds is not None and failed.seconds < 60
    assert failed.status == STATUS.get(kind, 1)
    *_, error, advice = failed.output.splitlines()
    assert error.startswith('error: rank 1 ') and SAID[kind] in error
    assert advice.endswith('run the same command with --resume.')
    resumed = run_job(cfg, tmp_path, 2, arguments=['--resume'])
    assert resumed.status == 0
    assert 'resumed epoch: 1, iter: 3' in resumed.output
    assert (tmp_path / 'iter_4.pth').is_file()


def test_in_the_script_of_the_host(tmp_path: Path) -> None:
    [mmdet] = util.find_spec('mmdet').submodule_search_locations or []
    script = Path(mmdet) / '.mim' / 'tools' / 'train.py'
    failed = run_job(tiny_job(), tmp_path, 2, dict(kind='kill'), script)
    assert failed.seconds is not None and failed.seconds < 60
    assert failed.status == 1
    _, _, cause = failed.output.partition('Root Cause')
    assert 'rank      : 1' in cause and 'SIGKILL' in cause
