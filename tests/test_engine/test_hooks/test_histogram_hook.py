"""What TensorBoard reads is what the optimizer was given."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.hooks import Hook
from mmengine.optim import OptimWrapper
from mmengine.registry import OPTIM_WRAPPERS
from mmengine.runner import Runner
from tensorboard.backend.event_processing.event_accumulator import (
    EventAccumulator,
)
from torch import nn

from mmvision_ext.engine.hooks import FreezeHook, HistogramHook
from mmvision_ext.testing.tiny_classification import TinyClassifier
from mmvision_ext.utils import InputError

MakeRunner = Callable[..., Runner]
Arrays = dict[str, np.ndarray]


def _tensorboard() -> dict[str, Any]:
    """A visualizer; mmengine writes the directory into the dict."""
    backend = dict(type='TensorboardVisBackend')
    return dict(visualizer=dict(type='Visualizer', vis_backends=[backend]))


class Watch(Hook):
    """Weights before each iteration, and gradients when they are complete."""

    def __init__(self) -> None:
        self.weights: list[Arrays] = []
        self.gradients: list[Arrays] = []

    def before_train(self, runner: Runner) -> None:
        for name, parameter in runner.model.named_parameters():
            if parameter.requires_grad:
                parameter.register_post_accumulate_grad_hook(
                    lambda leaf, name=name: self.gradients[-1].update(
                        {name: leaf.grad.double().numpy().copy()}
                    )
                )

    def before_train_iter(self, runner: Runner, *_: Any, **__: Any) -> None:
        self.gradients.append({})
        self.weights.append(
            {
                name: parameter.detach().double().numpy().copy()
                for name, parameter in runner.model.named_parameters()
            }
        )


def _events(runner: Runner) -> EventAccumulator:
    runner.visualizer.close()
    [file] = Path(runner.work_dir).glob('*/vis_data/events*')
    return EventAccumulator(
        str(file), size_guidance={'histograms': 0}
    ).Reload()


def _assert_same(events: EventAccumulator, kind: str, arrays: Arrays) -> None:
    """The histograms of one kind that were written last."""
    tags = [tag for tag in events.Tags()['histograms'] if tag.startswith(kind)]
    assert set(tags) == {f'{kind}/{name}' for name in arrays}
    for name, values in arrays.items():
        written = events.Histograms(f'{kind}/{name}')[-1].histogram_value
        counts, edges = np.histogram(values, bins=16)
        assert written.bucket == [0, *counts], name
        assert written.bucket_limit == pytest.approx(edges), name
        assert written.num == values.size
        assert written.min == pytest.approx(values.min())
        assert written.sum_squares == pytest.approx(
            (values**2).sum(), rel=1e-4
        )


def test_histograms_equal_numpys(make_runner: MakeRunner) -> None:
    watch = Watch()
    runner = make_runner(
        [dict(type='mmvision_ext.HistogramHook', interval=3, bins=16), watch],
        epochs=2,
        **_tensorboard(),
    )
    runner.train()
    events = _events(runner)
    _assert_same(events, 'weights', watch.weights[-1])
    _assert_same(events, 'gradients', watch.gradients[-1])
    # The stem's gradient is never computed.
    assert 'gradients/backbone.stem.weight' not in events.Tags()['histograms']
    histograms = events.Histograms('gradients/head.weight')
    assert [event.step for event in histograms] == [3, 6]
    norms = events.Scalars('gradients/total_norm')
    assert [norm.value for norm in norms] == pytest.approx(
        [
            np.sqrt(sum((g**2).sum() for g in watch.gradients[i].values()))
            for i in (2, 5)
        ]
    )


def test_accumulated_gradients_are_read_at_the_step(
    make_runner: MakeRunner,
) -> None:
    watch = Watch()
    runner = make_runner(
        [HistogramHook(interval=3, bins=16), watch],
        epochs=2,
        optim_wrapper=dict(
            optimizer=dict(type='SGD', lr=0.1), accumulative_counts=2
        ),
        **_tensorboard(),
    )
    runner.train()
    events = _events(runner)
    steps = [e.step for e in events.Histograms('gradients/head.bias')]
    assert steps == [4, 6]  # the optimizer steps in every second iteration
    _assert_same(events, 'gradients', watch.gradients[-1])


@pytest.mark.parametrize('fused', [False, True])
def test_the_loss_scale_is_divided_out(
    make_runner: MakeRunner, fused: bool
) -> None:
    class Scaled(OptimWrapper):
        """AmpOptimWrapper's steps; itself it does not run on CPUs."""

        def __init__(self, **settings: Any) -> None:
            super().__init__(**settings)
            self.scaler = torch.amp.GradScaler('cpu', init_scale=1024.0)

        def backward(self, loss: torch.Tensor, **_: Any) -> None:
            self.scaler.scale(loss).backward()
            self._inner_count += 1

        def step(self, **_: Any) -> None:
            self.scaler.step(self.optimizer)
            self.scaler.update()

    OPTIM_WRAPPERS.register_module(name='Scaled', module=Scaled, force=True)
    watch = Watch()
    runner = make_runner(
        [HistogramHook(interval=3, bins=16), watch],
        epochs=1,
        optim_wrapper=dict(
            type='Scaled', optimizer=dict(type='Adam', lr=0.1, fused=fused)
        ),
        **_tensorboard(),
    )
    runner.train()
    _assert_same(
        _events(runner),
        'gradients',
        {name: grad / 1024 for name, grad in watch.gradients[-1].items()},
    )


def test_frozen_parameters_have_weights_only(make_runner: MakeRunner) -> None:
    runner = make_runner(
        [FreezeHook(), HistogramHook(interval=3)], epochs=1, **_tensorboard()
    )
    runner.train()
    tags = _events(runner).Tags()['histograms']
    assert 'weights/backbone.stem.weight' in tags
    assert [tag for tag in tags if tag.startswith('gradients/')] == [
        'gradients/head.weight',
        'gradients/head.bias',
    ]


def test_gradients_that_are_not_finite_are_named(
    make_runner: MakeRunner, caplog: pytest.LogCaptureFixture
) -> None:
    model = TinyClassifier()
    calls = []

    def spoil(grad: torch.Tensor) -> torch.Tensor:
        calls.append(1)
        column = torch.tensor(0)
        return (
            grad.index_fill(1, column, torch.nan) if len(calls) > 2 else grad
        )

    model.head.weight.register_hook(spoil)
    runner = make_runner(
        [HistogramHook(interval=3)], epochs=2, model=model, **_tensorboard()
    )
    runner.logger.addHandler(caplog.handler)
    with caplog.at_level(logging.WARNING):
        runner.train()
    events = _events(runner)
    assert events.Scalars('gradients/non_finite')[0].value == 3
    [written] = events.Histograms('gradients/head.weight')
    assert (written.step, written.histogram_value.num) == (3, 9)
    lines = [line for line in caplog.messages if 'HistogramHook' in line]
    assert lines[0] == (
        'HistogramHook: iteration 3: gradients that are not finite: '
        'head.weight (3 of 12)'
    )
    # That step spoilt the weights.
    assert 'iteration 6: weights that are not finite' in lines[1]
    assert lines[1].endswith('more')


def test_without_tensorboard_the_run_does_not_start(
    make_runner: MakeRunner,
) -> None:
    runner = make_runner([HistogramHook()])
    with pytest.raises(
        InputError, match=r"found \['LocalVisBackend'\]; add dict\(type='Tens"
    ):
        runner.train()


@pytest.mark.parametrize('arguments', [dict(interval=0), dict(bins=0)])
def test_arguments_must_be_positive(arguments: dict[str, int]) -> None:
    with pytest.raises(InputError, match='at least 1, found 0'):
        HistogramHook(**arguments)


def test_other_processes_write_nothing(
    make_runner: MakeRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        'mmvision_ext.engine.hooks.histogram_hook.is_main_process',
        lambda: False,
    )
    runner = make_runner(
        [HistogramHook(interval=1)], epochs=1, **_tensorboard()
    )
    runner.train()
    assert not [
        tag
        for tag in _events(runner).Tags()['histograms']
        if isinstance(tag, str)
    ]


def test_no_forward_pass_is_added(make_runner: MakeRunner) -> None:
    passes = []
    model = TinyClassifier()
    head: nn.Module = model.head
    head.register_forward_hook(lambda *_: passes.append(1))
    make_runner(
        [HistogramHook(interval=1)], epochs=1, model=model, **_tensorboard()
    ).train()
    assert len(passes) == 3
