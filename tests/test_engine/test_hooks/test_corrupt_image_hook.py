"""Trainings on images of which some cannot be read."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mmengine.hooks import Hook
from mmengine.registry import init_default_scope
from mmengine.runner import Runner

from mmvision_ext.engine.hooks import CorruptImageHook, ExactResumeHook
from mmvision_ext.engine.images import CASE_FILE, ImageError
from mmvision_ext.testing.image_faults import (
    FAULTS,
    inject,
    make_image_folder,
)
from mmvision_ext.testing.resumed_training import differences
from mmvision_ext.utils import InputError

Train = Callable[..., tuple[list[str], dict[str, Any]]]


class _Names(Hook):
    """Writes down the files of every batch."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None
    ) -> None:
        self.names += [
            sample.img_path for sample in data_batch['data_samples']
        ]


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    """24 image files."""
    return make_image_folder(tmp_path / 'data')


@pytest.fixture
def train(tmp_path: Path, paths: list[Path]) -> Train:
    """Train a classifier for two epochs of six steps."""

    def run(
        name: str,
        workers: int = 0,
        resume_from: str | None = None,
        **policy: Any,
    ) -> tuple[list[str], dict[str, Any]]:
        init_default_scope('mmpretrain')
        names = _Names()
        loader = dict(
            batch_size=4,
            num_workers=workers,
            sampler=dict(type='DefaultSampler', shuffle=True),
            dataset=dict(
                type='RepeatDataset',
                times=1,
                dataset=dict(
                    type='CustomDataset',
                    data_root=str(tmp_path / 'data'),
                    pipeline=[
                        dict(type='LoadImageFromFile'),
                        dict(type='RandomCrop', crop_size=16),
                        dict(type='PackInputs'),
                    ],
                ),
            ),
        )
        model = dict(
            type='ImageClassifier',
            data_preprocessor=dict(
                num_classes=3, mean=[128] * 3, std=[64] * 3
            ),
            backbone=dict(
                type='ResNet_CIFAR',
                depth=18,
                base_channels=4,
                stem_channels=4,
            ),
            neck=dict(type='GlobalAveragePooling'),
            head=dict(type='LinearClsHead', num_classes=3, in_channels=32),
        )
        runner = Runner(
            model=model,
            work_dir=str(tmp_path / name),
            experiment_name=name,
            default_scope='mmpretrain',
            train_dataloader=loader,
            train_cfg=dict(by_epoch=True, max_epochs=2),
            optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.01)),
            default_hooks=dict(
                checkpoint=dict(
                    type='CheckpointHook', by_epoch=False, interval=1
                ),
            ),
            custom_hooks=[
                CorruptImageHook(interval=2, **policy),
                ExactResumeHook(),
                names,
            ],
            randomness=dict(seed=0),
            resume=resume_from is not None,
            load_from=resume_from and str(tmp_path / resume_from),
        )
        runner.train()
        account = json.loads((tmp_path / name / CASE_FILE).read_text())
        return names.names, account

    return run


def test_replaced_and_counted(
    train: Train, paths: list[Path], tmp_path: Path
) -> None:
    done = inject(paths[2:5], {'empty': FAULTS['empty']})
    names, account = train('run', policy='replace', max_share=0.2)
    assert not {str(path) for path in done} & set(names)
    assert names.count(str(paths[5])) == 2 * 4  # its own place and three more
    entry = account['train_dataloader.dataset.dataset']
    assert entry['corrupt'] == 3 and entry['limit'] == 4
    assert [case['image'] for case in entry['cases']] == [*map(str, done)]
    assert {case['replaced_by'] for case in entry['cases']} == {5}
    log = ''.join(p.read_text() for p in (tmp_path / 'run').rglob('*.log'))
    for path in done:
        assert log.count(f'{path}: expected an image, found an empty') == 1
    assert '3 of 24 images faulty and replaced' in log


def test_workers_and_resumes_change_nothing(
    train: Train, paths: list[Path], tmp_path: Path
) -> None:
    inject(paths[2:6], {'empty': FAULTS['empty']})
    policy = dict(policy='replace', max_share=0.2)
    names, account = train('whole', **policy)
    other, again = train('workers', 2, **policy)
    assert other == names
    assert again == account
    # The count of the run that is resumed is taken over.
    (tmp_path / 'rest').mkdir()
    (tmp_path / 'rest' / CASE_FILE).write_text(json.dumps(account))
    rest, resumed = train('rest', 0, 'whole/iter_9.pth', **policy)
    assert rest == names[9 * 4 :]
    assert resumed == account
    last = 'iter_12.pth'
    assert not differences(
        tmp_path / 'whole' / last, tmp_path / 'workers' / last
    )
    assert not differences(tmp_path / 'whole' / last, tmp_path / 'rest' / last)


def test_limit_and_policy(train: Train, paths: list[Path]) -> None:
    inject(paths[2:4], {'empty': FAULTS['empty']})
    with pytest.raises(ImageError, match='at most 0 of 24'):
        train('limit', policy='replace')
    with pytest.raises(ImageError, match='found an empty file'):
        train('stop')


@pytest.mark.parametrize(
    'settings',
    [dict(policy='skip'), dict(max_share=2.0), dict(interval=0)],
)
def test_arguments(settings: dict[str, Any]) -> None:
    with pytest.raises(InputError, match='CorruptImageHook: expected'):
        CorruptImageHook(**settings)
