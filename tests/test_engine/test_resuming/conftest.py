"""Small trainings with every kind of random number."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mmengine.config import Config

from mmvision_ext.testing.small_cifar import make_cifar

MakeConfig = Callable[..., Config]
EPOCHS, STEPS = 2, 3  # an epoch has three steps


@pytest.fixture(scope='session')
def cifar_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve training and six test images in three classes."""
    root = tmp_path_factory.mktemp('cifar')
    return make_cifar(root, 'pickles', train_images=4, test_images=2)


def _loop(cfg: Config, is_epoch_based: bool) -> dict[str, Any]:
    """A loop of two epochs, or as many steps, and a schedule for it."""
    steps = EPOCHS * STEPS
    loop = (
        dict(by_epoch=True, max_epochs=EPOCHS, val_interval=1)
        if is_epoch_based
        else dict(by_epoch=False, max_iters=steps, val_interval=2)
    )
    if not is_epoch_based:
        sampler = dict(type='InfiniteSampler', shuffle=True)
        cfg.train_dataloader.sampler = sampler
    return dict(
        train_cfg=dict(_delete_=True, **loop),
        param_scheduler=[
            dict(type='LinearLR', start_factor=0.1, by_epoch=False, end=2),
            dict(type='CosineAnnealingLR', by_epoch=False, T_max=steps),
        ],
        log_processor=dict(by_epoch=is_epoch_based),
    )


def _everything_saved(cfg: Config) -> dict[str, Any]:
    """A checkpoint after each step, of an average as well."""
    for name in ('histograms', 'learning_rate', 'visualization'):
        cfg.default_hooks.pop(name, None)
    return dict(
        default_hooks=dict(
            checkpoint=dict(
                by_epoch=False,
                interval=1,
                max_keep_ckpts=-1,
                save_best='auto',
                rule='greater',
            ),
        ),
        custom_hooks=[
            dict(
                type='EMAHook',
                ema_type='mmvision_ext.ForeachExponentialMovingAverage',
                momentum=0.1,
            ),
            dict(type='CheckpointHook', by_epoch=True, interval=1),
        ],
        visualizer=dict(vis_backends=[]),
        log_level='ERROR',
    )


@pytest.fixture(scope='session')
def classifier(repository: Path, cifar_root: Path) -> MakeConfig:
    """A factory of classifiers with dropout, mixup and random crops."""

    def make(is_epoch_based: bool, workers: int) -> Config:
        stock = '-stock' if workers else ''
        name = f'resnet20_1xb128-200e_cifar100{stock}.py'
        cfg = Config.fromfile(repository / 'configs' / 'cifar100' / name)
        cfg.merge_from_dict(
            dict(
                model=dict(
                    backbone=dict(base_channels=4),
                    head=dict(
                        _delete_=True,
                        type='StackedLinearClsHead',
                        num_classes=3,
                        in_channels=16,
                        mid_channels=[16],
                        dropout_rate=0.3,
                        loss=dict(type='CrossEntropyLoss', use_soft=True),
                    ),
                ),
                val_evaluator=[
                    dict(type='mmvision_ext.ClassificationMetric', topk=1)
                ],
                **_loop(cfg, is_epoch_based),
                **_everything_saved(cfg),
            )
        )
        for loader in (cfg.train_dataloader, cfg.val_dataloader):
            loader.update(batch_size=4, num_workers=workers)
            loader.dataset.data_root = str(cifar_root)
            loader.dataset.metainfo = dict(classes=('apple', 'bear', 'whale'))
        if workers:
            mixup = dict(type='Mixup', alpha=0.8)
            cfg.model.train_cfg = dict(augments=mixup)
            cfg.data_preprocessor.num_classes = 3
        else:
            mixup = dict(
                type='mmvision_ext.BatchMixup', alpha=0.8, num_classes=3
            )
            cfg.data_preprocessor.augments.append(mixup)
        return cfg

    return make


@pytest.fixture(scope='session')
def detector(repository: Path, shapes_root: Path) -> MakeConfig:
    """A factory of Mask R-CNNs with random sizes and flips."""

    def make(is_epoch_based: bool, workers: int) -> Config:
        name = 'mask-rcnn_r18_fpn_scratch_1xb8-8e_shapes.py'
        cfg = Config.fromfile(repository / 'configs' / 'mask_rcnn' / name)
        cfg.merge_from_dict(
            dict(
                model=dict(
                    backbone=dict(base_channels=8),
                    neck=dict(in_channels=[8, 16, 32, 64]),
                ),
                **_loop(cfg, is_epoch_based),
                **_everything_saved(cfg),
            )
        )
        # Classifiers show how validations are resumed; these take seconds.
        for name in ('val_cfg', 'val_dataloader', 'val_evaluator'):
            cfg[name] = None
        cfg.default_hooks.checkpoint.save_best = None
        cfg.train_dataloader.num_workers = workers
        cfg.train_dataloader.dataset.update(
            data_root=str(shapes_root / 'VOC2012'), indices=2 * STEPS
        )
        cfg.train_dataloader.batch_size = 2
        resize = dict(
            type='RandomResize', scale=[(48, 48), (80, 80)], keep_ratio=True
        )
        cfg.train_dataloader.dataset.pipeline.insert(2, resize)
        return cfg

    return make
