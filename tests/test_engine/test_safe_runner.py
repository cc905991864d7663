"""One line among the bases gives a stock config the safety hooks."""

import os
import subprocess
import sys
from importlib import util
from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.hooks import CheckpointHook

from mmvision_ext.engine.checkpointing import checksum_fault
from mmvision_ext.engine.hooks import SafeCheckpointHook, SignalHook
from mmvision_ext.engine.safe_runner import (
    SAFETY_HOOKS,
    SafeRunner,
    with_safety_hooks,
)
from mmvision_ext.testing.image_folders import make_class_folders
from mmvision_ext.testing.tiny_training import tiny_runner

STOCK = [
    'mmdet::mask_rcnn/mask-rcnn_r50_fpn_1x_coco.py',
    'mmdet::rtmdet/rtmdet_tiny_8xb32-300e_coco.py',
    'mmpretrain::resnet/resnet50_8xb32_in1k.py',
]
CLASSES = ('cat', 'dog')
TRAINING = """
_base_ = [
    'mmpretrain::_base_/models/resnet18_cifar.py',
    'mmpretrain::_base_/schedules/cifar10_bs128.py',
    'mmpretrain::_base_/default_runtime.py',
    '{configs}/_base_/safe_runtime.py',
]
train_dataloader = dict(
    batch_size=4,
    num_workers=0,
    persistent_workers=False,
    dataset=dict(
        type='CustomDataset',
        data_root='{root}',
        pipeline=[
            dict(type='LoadImageFromFile'),
            dict(type='Resize', scale=32),
            dict(type='PackInputs'),
        ],
    ),
    sampler=dict(type='DefaultSampler', shuffle=True),
)
val_dataloader = val_cfg = val_evaluator = None
test_dataloader = test_cfg = test_evaluator = None
train_cfg = dict(max_epochs=1, val_interval=1)
"""


@pytest.mark.parametrize('name', STOCK)
def test_the_base_joins_stock_configs(
    repository: Path, tmp_path: Path, name: str
) -> None:
    base = repository / 'configs' / '_base_' / 'safe_runtime.py'
    path = tmp_path / 'safe.py'
    path.write_text(f'_base_ = [{name!r}, {str(base)!r}]\n')
    stock = tmp_path / 'stock.py'
    stock.write_text(f'_base_ = {name!r}\n')
    cfg = Config.fromfile(path)
    assert cfg.pop('runner_type') == 'mmvision_ext.SafeRunner'
    assert cfg.to_dict() == Config.fromfile(stock).to_dict()
    hooks = with_safety_hooks(cfg.default_hooks)
    assert {hooks[key]['type'] for key in SAFETY_HOOKS} == {
        hook['type'] for hook in SAFETY_HOOKS.values()
    }
    named = cfg.default_hooks.checkpoint
    assert {**hooks['checkpoint'], 'type': named.type} == named


@pytest.mark.parametrize('kind', ['CheckpointHook', CheckpointHook])
def test_settings_of_the_stock_hook_stay(kind: object) -> None:
    hooks = with_safety_hooks(
        dict(checkpoint=dict(type=kind, interval=5, max_keep_ckpts=2))
    )
    assert hooks['checkpoint'] == dict(
        type='mmvision_ext.SafeCheckpointHook', interval=5, max_keep_ckpts=2
    )


def test_what_the_config_names_stays() -> None:
    named = dict(
        checkpoint=dict(type='mmengine.CheckpointHook', interval=3),
        non_finite=dict(type='mmvision_ext.NonFiniteHook', policy='skip'),
        timer=None,
        signals=None,
    )
    hooks = with_safety_hooks(named)
    assert hooks.pop('exact_resume') and hooks.pop('corrupt_images')
    assert hooks == {k: v for k, v in named.items() if k != 'signals'}


def test_a_runner_has_them(tmp_path: Path) -> None:
    runner = tiny_runner(
        tmp_path, runner_class=SafeRunner, default_hooks=dict(signals=None)
    )
    assert sum(type(hook) is SafeCheckpointHook for hook in runner.hooks) == 1
    names = {type(hook).__name__ for hook in runner.hooks}
    kinds = {hook['type'].split('.')[1] for hook in SAFETY_HOOKS.values()}
    assert kinds - names == {SignalHook.__name__}
    bare = tiny_runner(
        tmp_path, runner_class=SafeRunner, default_hooks=dict(checkpoint=None)
    )
    assert not any(isinstance(hook, CheckpointHook) for hook in bare.hooks)


def test_it_trains_in_the_script_of_mmpretrain(
    repository: Path, tmp_path: Path
) -> None:
    make_class_folders(tmp_path / 'images', CLASSES, 4, 32)
    config = tmp_path / 'config.py'
    config.write_text(
        TRAINING.format(
            configs=repository / 'configs', root=tmp_path / 'images'
        )
    )
    [package] = util.find_spec('mmpretrain').submodule_search_locations
    script = Path(package) / '.mim' / 'tools' / 'train.py'
    done = subprocess.run(
        [sys.executable, script, config, '--work-dir', tmp_path / 'run'],
        env={**os.environ, 'OMP_NUM_THREADS': '1'},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
    checkpoint = tmp_path / 'run' / 'epoch_1.pth'
    assert checkpoint.with_name('epoch_1.pth.sha256').is_file()
    assert not checksum_fault(checkpoint)
