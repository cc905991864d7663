"""A Slurm job that starts again by itself, with stand-ins for Slurm."""

import os
import subprocess
from pathlib import Path

import pytest

# What Slurm does with a batch script: it runs a copy of it, somewhere else,
# and once more when it was asked to.
SBATCH = r"""#!/usr/bin/env bash
echo "sbatch $*"
while [[ $1 == --* ]]; do shift; done
cp "$1" copy.sh
shift
for count in 0 1 2; do
    rm -f requeued
    SLURM_JOB_ID=7 SLURM_RESTART_COUNT=$count bash copy.sh "$@"
    status=$?
    [[ -e requeued ]] || exit $status
done
"""
SRUN = r"""#!/usr/bin/env bash
echo "srun $*"
while [[ $1 == --* ]]; do shift; done
exec "$@"
"""
SCONTROL = r"""#!/usr/bin/env bash
echo "scontrol $*"
touch requeued
"""
# Trains until a signal, the next time to the end.
PYTHON = r"""#!/usr/bin/env bash
echo "python $*"
[[ " $* " == *' --resume '* ]] || exit "$FIRST"
"""


def _submit(
    repository: Path, folder: Path, first: int, *options: str
) -> tuple[int, list[str]]:
    """Submit a job whose first training ends with a status."""
    for name, text in dict(
        sbatch=SBATCH, srun=SRUN, scontrol=SCONTROL, named=PYTHON
    ).items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    done = subprocess.run(
        [
            'bash',
            str(repository / 'tools' / 'slurm_train.sh'),
            *('part', 'job', 'config.py', *options),
        ],
        cwd=folder,
        env={
            **os.environ,
            'PATH': f'{folder}:{os.environ["PATH"]}',
            'PYTHON': 'named',
            'FIRST': str(first),
            'REQUEUE': '1',
            'GPUS': '2',
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert not done.stderr
    return done.returncode, done.stdout.splitlines()


def test_at_its_time_limit_it_starts_again(
    repository: Path, tmp_path: Path
) -> None:
    status, lines = _submit(repository, tmp_path, 138, '--amp')
    assert status == 0
    submitted, *rest = lines
    for option in (
        '--partition=part',
        '--requeue',
        '--signal=USR1@120',
        '--ntasks=2',
        '--open-mode=append',
    ):
        assert f' {option} ' in submitted
    assert [line.split()[0] for line in rest] == [
        *('srun', 'python', 'Job', 'scontrol', 'srun', 'python')
    ]
    assert rest[3] == 'scontrol requeue 7'
    first, second = rest[1], rest[5]
    train = repository / 'tools' / 'train.py'
    command = f'python -u {train} config.py --amp --launcher slurm'
    assert (first, second) == (command, f'{command} --resume')


@pytest.mark.parametrize('first', [1, 2, 137, 143])
def test_failed_and_cancelled_jobs_do_not(
    first: int, repository: Path, tmp_path: Path
) -> None:
    status, lines = _submit(repository, tmp_path, first)
    assert status == first
    assert not [line for line in lines if line.startswith('scontrol')]
