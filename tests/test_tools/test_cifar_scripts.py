"""CIFAR-100 configs under this project's scripts and mmpretrain's own."""

import os
import subprocess
import sys
from pathlib import Path

import mmpretrain
import pytest

from mmvision_ext.datasets.cifar_files import CLASSES
from mmvision_ext.testing.small_cifar import make_cifar

ROOT = Path(__file__).parents[2]
SCRIPTS = {
    'own': ROOT / 'tools',
    'mmpretrain': Path(mmpretrain.__file__).parent / '.mim' / 'tools',
}
CONFIG = 'configs/cifar100/resnet20_1xb128-200e_cifar100.py'


@pytest.mark.parametrize('scripts', SCRIPTS.values(), ids=SCRIPTS)
def test_training_and_test_agree(scripts: Path, tmp_path: Path) -> None:
    make_cifar(
        tmp_path / 'data' / 'cifar100',
        'stacks',
        classes=CLASSES,
        train_images=2,
        test_images=1,
    )
    options = (
        'train_cfg.max_epochs=1',
        'train_dataloader.batch_size=100',
        'model.backbone.base_channels=4',
        'model.head.in_channels=16',
    )
    work_dir = tmp_path / 'run'
    trained = _run(scripts / 'train.py', tmp_path, work_dir, options=options)
    checkpoint = work_dir / 'epoch_1.pth'
    assert checkpoint.is_file(), trained
    tested = _run(
        scripts / 'test.py', tmp_path, work_dir, str(checkpoint), options
    )
    assert _line(tested, 'top-1') == _line(trained, 'top-1')
    assert '100 images of 100 classes' in _line(tested, 'top-1')


def _run(
    script: Path,
    root: Path,
    work_dir: Path,
    checkpoint: str | None = None,
    options: tuple[str, ...] = (),
) -> str:
    """Run a script in a process of its own; its output."""
    command = [sys.executable, str(script), CONFIG]
    command += [checkpoint] if checkpoint else []
    command += ['--work-dir', str(work_dir), '--cfg-options', *options]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=dict(os.environ, MMVISION_DATA_ROOT=str(root / 'data')),
        capture_output=True,
        text=True,
        check=False,
    )
    output = done.stdout + done.stderr
    assert done.returncode == 0, output[-3000:]
    return output


def _line(output: str, word: str) -> str:
    """The metric's line, from its name on."""
    lines = [
        line for line in output.splitlines() if 'ClassificationMetric' in line
    ]
    assert lines and word in lines[-1], output[-3000:]
    return lines[-1].partition('ClassificationMetric')[2]
