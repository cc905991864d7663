"""Every group's rate, by a name that can be read."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mmengine.optim import OptimWrapperDict
from mmengine.runner import Runner

from mmvision_ext.engine.hooks import LearningRateHook
from mmvision_ext.engine.hooks.learning_rate_hook import group_names
from mmvision_ext.testing.tiny_classification import TinyClassifier
from mmvision_ext.utils import InputError
from mmvision_ext.visualization.training_log import read_training_log

MakeRunner = Callable[..., Runner]
HALVED = dict(type='MultiStepLR', milestones=[2], gamma=0.5, by_epoch=False)


def _optim_wrapper(**settings: Any) -> dict[str, Any]:
    return dict(
        optimizer=dict(type='SGD', lr=0.1, weight_decay=0.01), **settings
    )


def _records(runner: Runner) -> list[dict[str, float]]:
    [file] = Path(runner.work_dir).glob('*/vis_data/scalars.json')
    records = [json.loads(line) for line in file.read_text().splitlines()]
    return [
        record
        for record in records
        if any(key.startswith('lr/') for key in record)
    ]


def _rates(record: dict[str, float]) -> dict[str, float]:
    return {k: v for k, v in record.items() if k.startswith('lr/')}


def test_discriminative_rates_are_all_logged(make_runner: MakeRunner) -> None:
    runner = make_runner(
        [dict(type='mmvision_ext.LearningRateHook', interval=1)],
        epochs=1,
        optim_wrapper=_optim_wrapper(
            paramwise_cfg=dict(
                custom_keys={
                    'backbone': dict(lr_mult=0.1),
                    'head.bias': dict(lr_mult=2.0),
                }
            )
        ),
        param_scheduler=[HALVED],
    )
    runner.train()
    records = _records(runner)
    whole = {
        'lr/backbone': 0.01,
        'lr/head.weight': 0.1,
        'lr/head.bias': 0.2,
    }
    half = {name: rate / 2 for name, rate in whole.items()}
    # The rate that an iteration was trained with, not the next one's.
    assert [_rates(record) for record in records] == [
        pytest.approx(rates) for rates in (whole, whole, half)
    ]
    assert [record['step'] for record in records] == [1, 2, 3]


def test_one_rate_has_one_name(make_runner: MakeRunner) -> None:
    runner = make_runner([LearningRateHook(interval=2)], epochs=1)
    runner.train()
    [record] = _records(runner)
    assert _rates(record) == {'lr/all': 0.01}


def test_layers_keep_their_names(make_runner: MakeRunner) -> None:
    runner = make_runner(
        [LearningRateHook(interval=3)],
        epochs=1,
        optim_wrapper=_optim_wrapper(
            constructor='mmvision_ext.LayerDecayOptimWrapperConstructor',
            paramwise_cfg=dict(layer_decay_rate=0.5, norm_decay_mult=0.0),
        ),
    )
    runner.train()
    [record] = _records(runner)
    # The stem of the tiny backbone is frozen.
    assert _rates(record) == pytest.approx(
        {'lr/layer_01': 0.025, 'lr/layer_02': 0.05, 'lr/head': 0.1}
    )


def test_rates_that_meet_at_zero_keep_their_names() -> None:
    model = TinyClassifier()
    groups = [
        dict(params=list(part.parameters()), lr=0.0, initial_lr=rate)
        for part, rate in ((model.backbone, 0.1), (model.head, 0.2))
    ]
    assert group_names(model, groups) == {'backbone': 0, 'head': 1}


def test_one_given_name_at_two_rates_is_not_used(
    make_runner: MakeRunner,
) -> None:
    runner = make_runner(
        [LearningRateHook(interval=3)],
        epochs=1,
        optim_wrapper=_optim_wrapper(
            paramwise_cfg=dict(
                custom_keys={
                    'backbone': dict(lr_mult=0.1, name='same'),
                    'head': dict(lr_mult=0.2, name='same'),
                }
            )
        ),
    )
    runner.train()
    [record] = _records(runner)
    assert set(_rates(record)) == {'lr/backbone', 'lr/head'}


@pytest.mark.parametrize('by_epoch', [True, False])
def test_the_curves_can_be_read_back(
    make_runner: MakeRunner, by_epoch: bool
) -> None:
    runner = make_runner(
        [LearningRateHook(interval=1)],
        epochs=1,
        log_processor=dict(by_epoch=by_epoch),
    )
    runner.train()
    log = read_training_log(runner.work_dir)
    assert len(log.train['lr/all'].x) == 3
    assert not log.val
    assert log.val_unit == ('epoch' if by_epoch else 'iteration')


def test_several_optimizers_are_refused(make_runner: MakeRunner) -> None:
    runner = make_runner([])
    wrapper = runner.build_optim_wrapper(runner.optim_wrapper)
    runner.optim_wrapper = OptimWrapperDict(a=wrapper)
    with pytest.raises(InputError, match=r"OptimWrapperDict with \['a'\]"):
        LearningRateHook().before_train(runner)


def test_the_interval_must_be_positive() -> None:
    with pytest.raises(InputError, match='at least 1, found 0'):
        LearningRateHook(interval=0)
