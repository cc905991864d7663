"""Faults of configs, and print_config, on the command line."""

import os
import subprocess
import sys
from importlib import util
from pathlib import Path

import pytest

from mmvision_ext.testing.config_faults import BASE


@pytest.fixture
def run(repository: Path, shapes_root: Path):
    """A function that runs a script and returns what came of it."""

    def start(*command: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [sys.executable, *command],
            cwd=repository,
            env={
                **os.environ,
                'MMVISION_SHAPES_ROOT': str(shapes_root),
                'OMP_NUM_THREADS': '1',
            },
            capture_output=True,
            text=True,
            timeout=600,
        )

    return start


@pytest.mark.parametrize(
    'option, message',
    [
        (
            'train_dataloader.dataset.data_rot=x',
            '  - train_dataloader.dataset.data_rot: VOCInstanceDataset has no '
            "argument 'data_rot'; did you mean 'data_root'?",
        ),
        (
            'model.backbone.type=Resnet',
            "  - model.backbone.type: there is no model 'Resnet' in the scope "
            "'mmdet'; did you mean 'ResNet'?",
        ),
    ],
)
def test_training_ends_with_one_message(
    run, option: str, message: str, tmp_path: Path
) -> None:
    done = run(
        'tools/train.py',
        BASE,
        '--work-dir',
        str(tmp_path),
        '--cfg-options',
        option,
    )
    assert done.returncode == 2
    assert message in done.stderr and 'Traceback' not in done.stderr
    assert done.stderr.count('error: ') == 1


def test_mmdets_own_script_ends_with_the_same_message(
    run, tmp_path: Path
) -> None:
    [package] = util.find_spec('mmdet').submodule_search_locations
    done = run(
        str(Path(package) / '.mim' / 'tools' / 'train.py'),
        BASE,
        '--work-dir',
        str(tmp_path),
        '--cfg-options',
        'default_hooks.logger.intervl=2',
    )
    # That script prints the traceback as well; the message is its end.
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith(
        '  - default_hooks.logger.intervl: LoggerHook has no argument '
        "'intervl'; did you mean 'interval'?"
    )


def test_a_key_is_explained(run) -> None:
    key = 'train_dataloader.dataset.data_root'
    done = run(
        'tools/misc/print_config.py',
        BASE,
        '--explain',
        key,
        '--cfg-options',
        f'{key}=elsewhere',
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout[done.stdout.index(f'{key} = ') :].splitlines()
    assert lines[0] == f"{key} = 'elsewhere'"
    assert lines[1].startswith(f'  set by: --cfg-options {key}: ')
    assert lines[2].startswith(
        '  before: configs/_base_/datasets/shapes_instance.py:'
    )
    assert lines[3].startswith(
        '  before: configs/_base_/datasets/voc_instance.py:'
    )


def test_a_config_is_printed_by_name(run) -> None:
    tool, name = 'tools/misc/print_config.py', Path(BASE).stem
    done = run(tool, name)
    assert '\nmodel = dict(' in done.stdout, done.stderr
    done = run(tool, name, '--explain', 'train_cfg.max_epochs')
    assert 'set by: configs/' in done.stdout, done.stderr
