"""The loop that defers reading losses, against mmengine's."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.hooks import Hook
from mmengine.runner import set_random_seed

from mmvision_ext.engine.runner import Runner
from mmvision_ext.testing.tiny_classification import (
    TinyClassifier,
    TinyDataset,
)
from mmvision_ext.utils import InputError

EPOCH = 6  # iterations
STOCK = 'EpochBasedTrainLoop'
DEFERRED = 'mmvision_ext.DeferredLogTrainLoop'

MakeRunner = Callable[..., Runner]


class Watch(Hook):
    """Keep what after_train_iter is given."""

    priority = 'LOWEST'

    def __init__(self) -> None:
        self.outputs: list[dict[str, Any] | None] = []

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: dict[str, Any] | None = None,
    ) -> None:
        self.outputs.append(outputs)

    @property
    def losses(self) -> list[float]:
        return [item['loss'].item() for item in self.outputs if item]


@pytest.fixture
def make_runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeRunner:
    """A factory of runners on a CPU, 6 iterations an epoch."""
    monkeypatch.setattr('torch.cuda.is_available', lambda: False)

    def make(kind: str, *hooks: Hook, **settings: Any) -> Runner:
        set_random_seed(0)
        loop = dict(type=kind, max_epochs=2)
        if kind == DEFERRED:
            loop['sync_interval'] = 4
        loop.update(settings.pop('loop', {}))
        name = f'{kind}-{len(list(tmp_path.iterdir()))}'
        options: dict[str, Any] = dict(
            model=TinyClassifier(),
            work_dir=str(tmp_path / name),
            experiment_name=name,
            train_dataloader=dict(
                dataset=TinyDataset(2 * EPOCH),
                batch_size=2,
                num_workers=0,
                collate_fn=dict(type='default_collate'),
                sampler=dict(type='DefaultSampler', shuffle=True),
            ),
            train_cfg=loop,
            optim_wrapper=dict(
                type='mmvision_ext.MixedPrecisionOptimWrapper',
                enabled=False,
                optimizer=dict(type='SGD', lr=0.1),
            ),
            default_hooks=dict(logger=dict(type='LoggerHook', interval=2)),
            custom_hooks=list(hooks),
            log_level='ERROR',
        )
        return Runner(**(options | settings))

    return make


def test_hooks_get_the_means_of_mmengines_losses(
    make_runner: MakeRunner,
) -> None:
    stock, ours = Watch(), Watch()
    expected = make_runner(STOCK, stock).train()
    found = make_runner(DEFERRED, ours).train()
    for name, value in expected.state_dict().items():
        assert torch.equal(found.state_dict()[name], value), name
    losses = stock.losses
    assert len(set(losses)) == 2 * EPOCH
    read = [item is not None for item in ours.outputs]
    assert read == [False, False, False, True, False, True] * 2
    parts = [losses[:4], losses[4:6], losses[6:10], losses[10:]]
    np.testing.assert_allclose(
        ours.losses, [np.mean(part) for part in parts], rtol=1e-12
    )


def test_every_iteration_has_its_share_in_the_log(
    make_runner: MakeRunner,
) -> None:
    stock = Watch()
    make_runner(STOCK, stock).train()
    runner = make_runner(DEFERRED)
    runner.train()
    values, counts = runner.message_hub.get_scalar('train/loss').data
    losses = np.array(stock.losses)
    assert len(values) == 2 * EPOCH and (counts == 1).all()
    np.testing.assert_allclose(values[:4], losses[:4].mean())
    np.testing.assert_allclose(values[4:6], losses[4:6].mean())
    np.testing.assert_allclose(values.mean(), losses.mean())


def test_lines_of_the_log(make_runner: MakeRunner) -> None:
    """LoggerHook at every second iteration; nothing is known at the first."""
    stock = Watch()
    make_runner(STOCK, stock).train()
    losses = stock.losses
    runner = make_runner(DEFERRED, log_processor=dict(window_size=2))
    runner.train()
    (path,) = Path(runner.work_dir).glob('*/vis_data/scalars.json')
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line['iter'] for line in lines] == [2, 4, 6, 8, 10, 12]
    assert 'loss' not in lines[0]
    # The window spans an interval, though the config said 2.
    assert lines[1]['loss'] == pytest.approx(np.mean(losses[:4]))
    assert lines[4]['loss'] == pytest.approx(np.mean(losses[6:10]))
    assert all(line['time'] > 0 and line['lr'] == 0.1 for line in lines)


def test_hooks_that_do_not_need_outputs(
    make_runner: MakeRunner, tmp_path: Path
) -> None:
    hooks = [
        dict(type='mmvision_ext.LearningRateHook', interval=1),
        dict(type='mmvision_ext.HistogramHook', interval=1),
        dict(type='EMAHook'),
        dict(type='mmdet.CheckInvalidLossHook', interval=EPOCH),
    ]
    runner = make_runner(
        DEFERRED,
        *hooks,
        visualizer=dict(
            type='Visualizer',
            vis_backends=[
                dict(type='LocalVisBackend'),
                dict(type='TensorboardVisBackend'),
            ],
        ),
    )
    runner.train()
    assert len(runner.message_hub.get_scalar('train/time').data[0]) == 12
    assert list(Path(runner.work_dir).glob('*/vis_data/events*'))


def test_a_resumed_training_ends_like_one_that_was_not_stopped(
    make_runner: MakeRunner,
) -> None:
    whole = make_runner(DEFERRED)
    expected = whole.train()
    first = make_runner(DEFERRED, loop=dict(max_epochs=1))
    first.train()
    runner = make_runner(
        DEFERRED,
        load_from=f'{first.work_dir}/epoch_1.pth',
        resume=True,
    )
    found = runner.train()
    assert (runner.epoch, runner.iter) == (2, 2 * EPOCH)
    assert (runner.max_epochs, runner.max_iters) == (2, 2 * EPOCH)
    for name, value in expected.state_dict().items():
        assert torch.equal(found.state_dict()[name], value), name
    losses = [
        item.message_hub.get_scalar('train/loss').data[0]
        for item in (runner, whole)
    ]
    np.testing.assert_array_equal(*losses)


def test_histories_do_not_grow_with_the_training(
    make_runner: MakeRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr('mmvision_ext.engine.loops.deferred_log._HISTORY', 1)
    runner = make_runner(DEFERRED, loop=dict(max_epochs=4))
    runner.train()
    for name in ('loss', 'lr', 'time', 'data_time'):
        values, _ = runner.message_hub.get_scalar(f'train/{name}').data
        assert len(values) == EPOCH, name


def test_gradient_norms_are_those_of_mmengine(
    make_runner: MakeRunner,
) -> None:
    norms = []
    for kind in (STOCK, DEFERRED):
        runner = make_runner(
            kind,
            optim_wrapper=dict(
                type='mmvision_ext.MixedPrecisionOptimWrapper',
                enabled=False,
                optimizer=dict(type='SGD', lr=0.1),
                clip_grad=dict(max_norm=0.1),
            ),
        )
        runner.train()
        norms.append(runner.message_hub.get_scalar('train/grad_norm').data[0])
    assert len(norms[0]) == 2 * EPOCH
    np.testing.assert_allclose(*norms, rtol=1e-6)


@pytest.mark.parametrize('clip_grad', [None, dict(max_norm=0.1)])
@pytest.mark.parametrize('kind, reached', [(STOCK, 0), (DEFERRED, 3)])
def test_the_device_is_not_waited_for_between_readings(
    make_runner: MakeRunner,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    reached: int,
    clip_grad: dict | None,
) -> None:
    """On the meta device, where tensors have no values to wait for."""
    monkeypatch.setattr('mmengine.runner.runner.get_device', lambda: 'meta')
    runner = make_runner(
        kind,
        dict(
            type='EMAHook',
            ema_type='mmvision_ext.ForeachExponentialMovingAverage',
        ),
        optim_wrapper=dict(
            type='mmvision_ext.MixedPrecisionOptimWrapper',
            optimizer=dict(type='SGD', lr=0.1, momentum=0.9),
            clip_grad=clip_grad,
        ),
    )
    monkeypatch.setattr(runner, '_init_model_weights', lambda: None)
    with pytest.raises((RuntimeError, NotImplementedError), match='[Mm]eta'):
        runner.train()
    assert runner.iter == reached


def test_wrong_interval(make_runner: MakeRunner) -> None:
    runner = make_runner(DEFERRED, loop=dict(sync_interval=0))
    with pytest.raises(InputError, match='sync_interval.*found 0'):
        runner.train()
