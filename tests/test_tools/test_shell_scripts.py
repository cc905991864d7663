"""What the shell scripts share, without a cluster and without a network."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest


def _bash(*arguments: str, **options) -> str:
    done = subprocess.run(
        ['bash', *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        **options,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def project(repository: Path, tmp_path: Path) -> Path:
    """A project whose commands tell who they are and how they are called."""
    root = tmp_path / 'project'
    shutil.copytree(repository / 'tools', root / 'tools')
    for name in (
        'project/.venv/bin/python',
        'bin/python',
        'bin/named',
        'bin/srun',
    ):
        command = tmp_path / name
        command.parent.mkdir(parents=True, exist_ok=True)
        command.write_text('#!/bin/sh\necho "$0" "$@"\n')
        command.chmod(0o755)
    return root


@pytest.mark.parametrize(
    'arguments',
    [
        ['tools/slurm_train.sh', 'part', 'job', 'config.py'],
        ['tools/slurm_test.sh', 'part', 'job', 'config.py', 'a.pth'],
        ['tools/dist_train.sh', 'config.py', '2'],
        ['tools/dist_test.sh', 'config.py', 'a.pth', '2'],
    ],
)
@pytest.mark.parametrize(
    'variables, python',
    [
        ({}, 'project/.venv/bin/python'),
        ({'VIRTUAL_ENV': '/activated'}, ' python'),
        ({'PYTHON': 'named', 'VIRTUAL_ENV': '/activated'}, 'named'),
    ],
)
def test_every_launcher_finds_the_same_python(
    arguments: list[str],
    variables: dict[str, str],
    python: str,
    project: Path,
) -> None:
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ('PYTHON', 'VIRTUAL_ENV')
    }
    environment['PATH'] = f'{project.parent / "bin"}:{environment["PATH"]}'
    printed = _bash(*arguments, cwd=project, env={**environment, **variables})
    if 'slurm' not in arguments[0]:  # called by the shell: its whole path
        python = python.replace(' ', '/')
    before, _ = printed.split(' -u ' if ' -u ' in printed else ' -m ')
    assert before.endswith(python)


def test_install_shows_what_takes_time(repository: Path) -> None:
    script = (repository / 'tools' / 'install.sh').read_text()
    start = script.index('show_progress() {')
    function = script[start : script.index('\n}\n', start) + 3]
    packages = ' '.join(f'package-{index}' for index in range(40))
    printed = _bash(
        '-c',
        f'set -euo pipefail\n{function}show_progress',
        input='\n'.join(
            [
                'Collecting torch==2.11.0',
                '  Downloading torch-2.11.0.whl (750.2 MB)',
                '  Downloading torch-2.11.0.whl.metadata (29 kB)',
                '  Using cached torchvision-0.26.whl (7 kB)',
                '  Building wheel for onedl-mmcv (setup.py): started',
                r'  [3/10] c++ -O3 \path /tmp/mmcv/ops/csrc/nms.cpp -o x.o',
                f'Successfully installed {packages}',
                '',
            ]
        ),
    )
    lines = printed.splitlines()
    assert lines[:4] == [
        '  Downloading torch-2.11.0.whl (750.2 MB)',
        '  Using cached torchvision-0.26.whl',
        '  Building wheel for onedl-mmcv',
        '  [3/10] nms.cpp',
    ]
    assert lines[4].startswith('Successfully installed package-0 ')
    assert lines[4].endswith(' ...') and len(lines[4]) == 204
    assert len(lines) == 5
