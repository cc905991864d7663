"""The hook that defers reading losses, against mmengine's."""

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
STOCK = dict(type='RuntimeInfoHook')
DEFERRED = dict(type='mmvision_ext.DeferredRuntimeInfoHook', sync_interval=4)
BY_EPOCH = dict(by_epoch=True, max_epochs=2)
BY_ITERATION = dict(by_epoch=False, max_iters=10)
EMA = dict(
    type='EMAHook', ema_type='mmvision_ext.ForeachExponentialMovingAverage'
)

MakeTraining = Callable[..., Runner]


class Watch(Hook):
    """Keep what after_train_iter is given, and stop where told."""

    priority = 'LOWEST'

    def __init__(self, stop_after: int = -1) -> None:
        self.losses: list[float] = []
        self.stop_after = stop_after

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: dict[str, torch.Tensor] | None = None,
    ) -> None:
        assert outputs['loss'].dtype == torch.float32
        self.losses.append(outputs['loss'].item())
        runner.train_loop.stop_training = len(self.losses) == self.stop_after


class Changing(TinyClassifier):
    """A number beside the losses, and a loss in every second step only.

    That loss is written to one tensor again and again.
    """

    steps = 0
    even = torch.zeros(1)

    def train_step(self, *args: Any, **options: Any) -> dict[str, Any]:
        outputs = super().train_step(*args, **options)
        self.steps += 1
        outputs['number'] = float(self.steps)
        if self.steps % 2 == 0:
            outputs['loss_even'] = self.even.fill_(self.steps)
        return outputs


class Diverging(Changing):
    """A loss that is no number from the eighth step on."""

    def train_step(self, *args: Any, **options: Any) -> dict[str, Any]:
        outputs = super().train_step(*args, **options)
        return {'loss': outputs['loss'] * (np.nan if self.steps > 7 else 1)}


def logged(runner: Runner, name: str = 'loss') -> np.ndarray:
    """Values of the log, each of which has to stand for one iteration."""
    values, counts = runner.message_hub.get_scalar(f'train/{name}').data
    assert (counts == 1).all()
    return values


def lines(runner: Runner) -> list[dict[str, float]]:
    """What LoggerHook wrote."""
    (path,) = Path(runner.work_dir).glob('*/vis_data/scalars.json')
    return [json.loads(line) for line in path.read_text().splitlines()]


def clipping(**options: Any) -> dict[str, Any]:
    """An optimizer wrapper that measures gradients."""
    return dict(
        type='mmvision_ext.MixedPrecisionOptimWrapper',
        optimizer=dict(type='SGD', lr=0.1, momentum=0.9),
        clip_grad=dict(max_norm=0.1),
        **options,
    )


@pytest.fixture
def train(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeTraining:
    """Set a training up on a CPU, 2 epochs of 6 iterations."""
    monkeypatch.setattr('torch.cuda.is_available', lambda: False)

    def make(
        kind: dict,
        *hooks: Hook | dict,
        run: bool = True,
        size: int = EPOCH,
        **settings: Any,
    ) -> Runner:
        set_random_seed(0)
        loop = settings.setdefault('train_cfg', BY_EPOCH)
        sampler = 'DefaultSampler' if loop['by_epoch'] else 'InfiniteSampler'
        name = f'run-{len(list(tmp_path.iterdir()))}'
        default_hooks = dict(
            runtime_info=kind, logger=dict(type='LoggerHook', interval=2)
        )
        default_hooks.update(settings.pop('default_hooks', {}))
        options: dict[str, Any] = dict(
            model=TinyClassifier(),
            work_dir=str(tmp_path / name),
            experiment_name=name,
            train_dataloader=dict(
                dataset=TinyDataset(2 * size),
                batch_size=2,
                num_workers=0,
                collate_fn=dict(type='default_collate'),
                sampler=dict(type=sampler, shuffle=True),
            ),
            optim_wrapper=dict(
                type='mmvision_ext.MixedPrecisionOptimWrapper',
                enabled=False,
                optimizer=dict(type='SGD', lr=0.1),
            ),
            default_hooks=default_hooks,
            custom_hooks=list(hooks),
            log_processor=dict(by_epoch=loop['by_epoch']),
            log_level='ERROR',
        )
        runner = Runner(**(options | settings))
        if run:
            runner.train()
        return runner

    return make


def means(losses: list[float], *ends: int) -> np.ndarray:
    """The mean of every part, in the place of each of its values."""
    starts = [0, *ends]
    return np.concatenate(
        [
            np.full(end - start, np.mean(losses[start:end]))
            for start, end in zip(starts, ends, strict=False)
        ]
    )


def same_weights(first: torch.nn.Module, second: torch.nn.Module) -> None:
    """Compare all parameters and buffers, bit by bit."""
    state = second.state_dict()
    for name, value in first.state_dict().items():
        assert torch.equal(state[name], value), name


def test_the_log_has_means_and_other_hooks_the_losses(
    train: MakeTraining,
) -> None:
    stock, ours = Watch(), Watch()
    expected, found = train(STOCK, stock), train(DEFERRED, ours)
    same_weights(expected.model, found.model)
    assert ours.losses == stock.losses
    assert len(set(ours.losses)) == 2 * EPOCH
    np.testing.assert_array_equal(logged(expected), stock.losses)
    np.testing.assert_allclose(
        logged(found), means(stock.losses, 4, 6, 10, 12), rtol=1e-12
    )


def test_training_by_iterations(train: MakeTraining) -> None:
    """Ten iterations of six an epoch: epochs of the data do not matter."""
    stock = Watch()
    expected = train(STOCK, stock, train_cfg=BY_ITERATION)
    found = train(DEFERRED, train_cfg=BY_ITERATION)
    same_weights(expected.model, found.model)
    np.testing.assert_allclose(
        logged(found), means(stock.losses, 4, 8, 10), rtol=1e-12
    )
    assert lines(found)[-1]['iter'] == 10
    # Of a window of ten iterations.
    assert lines(found)[-1]['loss'] == pytest.approx(np.mean(stock.losses))


def test_nothing_is_lost_where_a_training_stops_early(
    train: MakeTraining,
) -> None:
    watch = Watch(stop_after=7)
    runner = train(
        DEFERRED,
        watch,
        train_cfg=BY_ITERATION,
        default_hooks=dict(checkpoint=None),  # saving reads as well
    )
    np.testing.assert_allclose(
        logged(runner), means(watch.losses, 4, 7), rtol=1e-12
    )


@pytest.mark.parametrize('interval', [2, 3, 5])
def test_lines_of_the_log(train: MakeTraining, interval: int) -> None:
    """LoggerHook on the grid of the readings, and off it."""
    watch = Watch()
    runner = train(
        DEFERRED,
        watch,
        log_processor=dict(window_size=2),
        default_hooks=dict(logger=dict(type='LoggerHook', interval=interval)),
    )
    found = lines(runner)
    inner = range(interval, EPOCH + 1, interval)
    expected = [epoch + i for epoch in (0, EPOCH) for i in inner]
    assert [line['iter'] for line in found] == expected
    history = means(watch.losses, 4, 6, 10, 12)
    for line in found:
        at = line['iter']
        read = max(end for end in (0, 4, 6, 10, 12) if end <= at)
        # The window spans an interval, though the config said 2.
        window = history[:read][-4:]
        assert ('loss' in line) == (read > 0)
        if read:
            assert line['loss'] == pytest.approx(window.mean())
        assert line['time'] > 0 and line['lr'] == 0.1


@pytest.mark.parametrize(
    ('loop', 'window'),
    [(BY_EPOCH, 12), (dict(by_epoch=False, max_iters=60), 50)],
)
def test_the_window_is_no_longer_than_an_epoch(
    train: MakeTraining, loop: dict, window: int
) -> None:
    runner = train(
        dict(type='mmvision_ext.DeferredRuntimeInfoHook'),
        size=12,
        train_cfg=loop,
    )
    assert runner.log_processor.window_size == window


def test_a_check_of_losses(train: MakeTraining) -> None:
    """At iterations 3, 6 and 9; readings are at 4, 5, 9 and 10."""
    check = dict(type='mmdet.CheckInvalidLossHook', interval=3)
    assert len(logged(train(DEFERRED, check, size=5))) == 10
    runner = train(DEFERRED, check, size=5, model=Diverging(), run=False)
    with pytest.raises(AssertionError):
        runner.train()
    assert runner.iter + 1 == 9


def test_hooks_that_watch_and_average(train: MakeTraining) -> None:
    hooks = [
        dict(type='mmvision_ext.LearningRateHook', interval=1),
        dict(type='mmvision_ext.HistogramHook', interval=1),
        EMA,
    ]
    averages = []
    for kind in (STOCK, DEFERRED):
        backends = [dict(type='TensorboardVisBackend')]  # is written into
        runner = train(
            kind,
            *hooks,
            visualizer=dict(type='Visualizer', vis_backends=backends),
        )
        assert list(Path(runner.work_dir).glob('*/vis_data/events*'))
        [hook] = [hook for hook in runner.hooks if hasattr(hook, 'ema_model')]
        averages.append(hook.ema_model)
    same_weights(*averages)
    assert averages[0].steps == 2 * EPOCH


@pytest.mark.parametrize(
    ('loop', 'interval', 'file'),
    [
        (BY_EPOCH, 1, 'epoch_1.pth'),
        (BY_ITERATION, 4, 'iter_4.pth'),
        (BY_ITERATION, 3, 'iter_3.pth'),  # between two readings
    ],
)
def test_a_resumed_training_ends_like_one_that_was_not_stopped(
    train: MakeTraining, loop: dict, interval: int, file: str
) -> None:
    save = dict(
        checkpoint=dict(
            type='CheckpointHook',
            by_epoch=loop['by_epoch'],
            interval=interval,
        )
    )
    options = dict(
        train_cfg=loop, default_hooks=save, optim_wrapper=clipping()
    )
    watch = Watch()
    whole = train(DEFERRED, watch, **options)
    path = f'{whole.work_dir}/{file}'
    runner = train(DEFERRED, load_from=path, resume=True, **options)
    assert runner.iter == whole.iter == whole.max_iters
    same_weights(whole.model, runner.model)
    assert logged(whole).mean() == pytest.approx(np.mean(watch.losses))
    for name in ('loss', 'grad_norm'):
        values = logged(runner, name)
        assert len(values) == whole.max_iters
        np.testing.assert_array_equal(values, logged(whole, name))


@pytest.mark.parametrize('loop', [BY_EPOCH, BY_ITERATION])
def test_histories_do_not_grow_with_the_training(
    train: MakeTraining, monkeypatch: pytest.MonkeyPatch, loop: dict
) -> None:
    monkeypatch.setattr(
        'mmvision_ext.engine.hooks.deferred_runtime_info_hook._HISTORY', 1
    )
    runner = train(
        DEFERRED,
        train_cfg=loop,
        log_processor=dict(window_size=2),
    )
    for name in ('loss', 'lr', 'time', 'data_time'):
        assert len(logged(runner, name)) == EPOCH, name


def test_outputs_that_change_from_step_to_step(train: MakeTraining) -> None:
    runner = train(DEFERRED, model=Changing())
    np.testing.assert_array_equal(
        logged(runner, 'number'), np.arange(12.0) + 1
    )
    np.testing.assert_array_equal(
        logged(runner, 'loss_even'), [3, 3, 6, 9, 9, 12]
    )
    assert len(logged(runner)) == 2 * EPOCH


def test_gradient_norms_are_those_of_mmengine(train: MakeTraining) -> None:
    norms = [
        logged(train(kind, optim_wrapper=clipping(enabled=False)), 'grad_norm')
        for kind in (STOCK, DEFERRED)
    ]
    assert len(norms[0]) == len(set(norms[0])) == 2 * EPOCH
    np.testing.assert_allclose(*norms, rtol=1e-6)


@pytest.mark.parametrize('loop', [BY_EPOCH, BY_ITERATION])
@pytest.mark.parametrize('clips', [False, True])
@pytest.mark.parametrize('kind, reached', [(STOCK, 0), (DEFERRED, 3)])
def test_the_device_is_not_waited_for_between_readings(
    train: MakeTraining,
    monkeypatch: pytest.MonkeyPatch,
    kind: dict,
    reached: int,
    clips: bool,
    loop: dict,
) -> None:
    """On the meta device, where tensors have no values to wait for."""
    monkeypatch.setattr('mmengine.runner.runner.get_device', lambda: 'meta')
    options = clipping()
    if not clips:
        options['clip_grad'] = None
    runner = train(
        kind,
        EMA,
        optim_wrapper=options,
        train_cfg=loop,
        run=False,
    )
    monkeypatch.setattr(runner, '_init_model_weights', lambda: None)
    with pytest.raises((RuntimeError, NotImplementedError), match='[Mm]eta'):
        runner.train()
    assert runner.iter == reached


def test_wrong_interval(train: MakeTraining) -> None:
    with pytest.raises(InputError, match='sync_interval.*found 0'):
        train(DEFERRED | dict(sync_interval=0))
