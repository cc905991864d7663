"""Training and testing of a classifier from the command line."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from mmvision_ext.testing.image_folders import make_class_folders

CLASSES = ('ant', 'bass', 'crab')
SIZE = 32  # pixels
CONFIG = """
_base_ = [
    '{configs}/_base_/datasets/caltech101.py',
    '{configs}/_base_/schedules/adam_two-phase_50e.py',
    '{configs}/_base_/default_runtime_cls.py',
]
model = dict(
    type='ImageClassifier',
    data_preprocessor=dict(
        num_classes=3, mean=[128] * 3, std=[64] * 3, to_rgb=True
    ),
    backbone=dict(
        type='ResNet', depth=18, base_channels=8, stem_channels=8
    ),
    head=dict(
        type='mmvision_ext.ConvGAPHead',
        num_classes=3,
        in_channels=64,
        topk=(1, 2),
        cal_acc=True,
    ),
)
# Nothing random but the order of the images, which every epoch seeds anew.
pipeline = [
    dict(type='mmvision_ext.LoadUprightImage'),
    dict(type='PackInputs'),
]
data = dict(
    data_root='{root}',
    train_per_class=5,
    metainfo=dict(classes={classes}),
    pipeline=pipeline,
)
loader = dict(num_workers=0, persistent_workers=False, dataset=data)
train_dataloader = dict(batch_size=5, **loader)
val_dataloader = loader
test_dataloader = loader
val_evaluator = [dict(type='mmvision_ext.ClassificationMetric', topk=(1, 2))]
test_evaluator = val_evaluator
train_cfg = dict(max_epochs=3)
custom_hooks = [
    dict(
        type='mmvision_ext.FreezeHook',
        modules=['backbone'],
        unfreeze_epoch=1,
    )
]
param_scheduler = dict(milestones=[1], gamma=0.1)
"""


@pytest.fixture(scope='module')
def config(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A two-phase config on 9 generated images a class."""
    root = tmp_path_factory.mktemp('caltech')
    make_class_folders(root / '101_ObjectCategories', CLASSES, 9, SIZE)
    path = root / 'two-phase.py'
    text = CONFIG.format(
        configs=repository / 'configs', root=root, classes=CLASSES
    )
    path.write_text(text)
    return path


def _run(repository: Path, *arguments: str | Path) -> str:
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=repository,
        env={**os.environ, 'OMP_NUM_THREADS': '1'},
        capture_output=True,
        text=True,
        timeout=600,
    )
    printed = done.stdout + done.stderr
    assert done.returncode == 0, printed[-4000:]
    return printed


@pytest.fixture(scope='module')
def trained(
    repository: Path, config: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, str]:
    """A work directory after three epochs, and what was printed."""
    work_dir = tmp_path_factory.mktemp('whole')
    return work_dir, _run(
        repository, 'tools/train.py', config, '--work-dir', work_dir
    )


def _accuracy(line: dict[str, float]) -> dict[str, float]:
    return {k: v for k, v in line.items() if k.startswith('accuracy/')}


def _validated(work_dir: Path) -> list[dict[str, float]]:
    """Accuracies of each validation of the newest run."""
    newest = sorted(work_dir.glob('*/vis_data/scalars.json'))[-1]
    lines = map(json.loads, newest.read_text().splitlines())
    return [found for line in lines if (found := _accuracy(line))]


def _weights(work_dir: Path, epoch: int) -> dict[str, torch.Tensor]:
    path = work_dir / f'epoch_{epoch}.pth'
    return torch.load(path, map_location='cpu', weights_only=False)[
        'state_dict'
    ]


def test_two_phases_are_trained(trained: tuple[Path, str]) -> None:
    work_dir, printed = trained
    assert 'protocol: 5 train images a class, seed 0' in printed
    first, second, third = (_weights(work_dir, epoch) for epoch in (1, 2, 3))
    for name in first:
        if name.startswith('backbone.') and name.endswith('conv1.weight'):
            assert not torch.equal(first[name], second[name])
    assert not torch.equal(second['head.conv.bias'], third['head.conv.bias'])
    assert _validated(work_dir)[-1]['accuracy/top1'] > 100 / 3
    assert not any(
        value.any()
        for name, value in first.items()
        if name.endswith('num_batches_tracked')
    )


def test_a_resumed_training_ends_as_an_uninterrupted_one(
    repository: Path,
    config: Path,
    trained: tuple[Path, str],
    tmp_path: Path,
) -> None:
    whole, _ = trained
    shutil.copy(whole / 'epoch_1.pth', tmp_path)
    (tmp_path / 'last_checkpoint').write_text(str(tmp_path / 'epoch_1.pth'))
    _run(
        repository,
        'tools/train.py',
        config,
        '--work-dir',
        tmp_path,
        '--resume',
    )
    # The first validation came after the checkpoint, and is made up for.
    assert _validated(tmp_path) == _validated(whole)
    expected, found = _weights(whole, 3), _weights(tmp_path, 3)
    assert expected.keys() == found.keys()
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value, msg=name)


def test_a_test_finds_the_accuracy_of_the_last_validation(
    repository: Path,
    config: Path,
    trained: tuple[Path, str],
    tmp_path: Path,
) -> None:
    whole, _ = trained
    _run(
        repository,
        'tools/test.py',
        config,
        whole / 'epoch_3.pth',
        '--work-dir',
        tmp_path,
    )
    [written] = [p for p in tmp_path.glob('*/2*.json') if p.is_file()]
    tested = _accuracy(json.loads(written.read_text()))
    assert tested and tested == _validated(whole)[-1]
