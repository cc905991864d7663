"""Frozen parts stand still to the bit, on either side of a resume."""

import logging
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from mmengine.hooks import EMAHook, Hook
from torch import nn

from mmvision_ext.engine.hooks import FreezeHook
from mmvision_ext.engine.runner import Runner
from mmvision_ext.testing.tiny_classification import TinyClassifier
from mmvision_ext.utils import InputError

MakeRunner = Callable[..., Runner]
State = dict[str, torch.Tensor]
TWO_PHASES = dict(
    type='mmvision_ext.FreezeHook', modules=['backbone'], unfreeze_epoch=2
)
SWITCH = dict(type='MultiStepLR', milestones=[2], gamma=0.01, by_epoch=True)


class Snapshots(Hook):
    """Copies of the model's state dict at the end of every epoch."""

    priority = 'LOWEST'

    def __init__(self) -> None:
        self.states: list[dict[str, torch.Tensor]] = []

    def before_train(self, runner: Runner) -> None:
        self.after_train_epoch(runner)

    def after_train_epoch(self, runner: Runner) -> None:
        self.states.append(
            {
                name: value.clone()
                for name, value in runner.model.state_dict().items()
            }
        )


def _moved(before: State, after: State) -> set[str]:
    return {
        name for name in before if not torch.equal(before[name], after[name])
    }


def _all_but_stem(state: State) -> set[str]:
    return {name for name in state if '.stem.' not in name}


def test_frozen_parts_move_in_the_second_phase_only(
    make_runner: MakeRunner,
) -> None:
    snapshots = Snapshots()
    make_runner([TWO_PHASES, snapshots], model=TinyClassifier()).train()
    start, _, switch, _, end = snapshots.states
    # Weights, weight decay and running statistics of the backbone.
    assert _moved(start, switch) == {'head.weight', 'head.bias'}
    # The stem was frozen by the backbone itself and stays so.
    assert _moved(switch, end) == _all_but_stem(start)


def test_statistics_may_stand_still_for_good(make_runner: MakeRunner) -> None:
    snapshots = Snapshots()
    hook = dict(TWO_PHASES, norm_eval=True)
    make_runner([hook, snapshots], model=TinyClassifier()).train()
    _, _, switch, _, end = snapshots.states
    statistics = {
        name
        for name in switch
        if name.endswith(('running_mean', 'running_var', 'batches_tracked'))
    }
    assert statistics
    assert _moved(switch, end) == _all_but_stem(switch) - statistics


def test_without_an_epoch_the_modules_stay_frozen(
    make_runner: MakeRunner,
) -> None:
    snapshots = Snapshots()
    hook = FreezeHook(['backbone.layers.0', 'head'])
    make_runner([hook, snapshots]).train()
    moved = _moved(snapshots.states[0], snapshots.states[-1])
    assert moved and all(
        name.startswith('backbone.layers.1') for name in moved
    )


@pytest.mark.parametrize('by_epoch', [True, False])
def test_frozen_modules_compute_as_in_eval_mode(
    make_runner: MakeRunner, by_epoch: bool
) -> None:
    model = TinyClassifier(dropout=0.5)
    modes = []
    model.backbone.dropout.register_forward_hook(
        lambda module, inputs, output: modes.append(
            (module.training, torch.equal(inputs[0], output))
        )
    )
    loop = (
        dict(by_epoch=True, max_epochs=1)
        if by_epoch
        else dict(by_epoch=False, max_iters=3, val_interval=100)
    )
    make_runner([FreezeHook()], model=model, train_cfg=loop).train()
    assert modes == [(False, True)] * 3
    assert model.head.training


def test_dropout_is_on_after_the_switch(make_runner: MakeRunner) -> None:
    model = TinyClassifier(dropout=0.5)
    modes = []
    model.backbone.dropout.register_forward_hook(
        lambda module, *_: modes.append(module.training)
    )
    make_runner([TWO_PHASES], epochs=3, model=model).train()
    assert modes == [False] * 6 + [True] * 3


@pytest.mark.parametrize('epoch', [1, 2, 3])
def test_resume_equals_the_uninterrupted_run(
    make_runner: MakeRunner, tmp_path: Path, epoch: int
) -> None:
    settings = dict(param_scheduler=[SWITCH])
    whole = make_runner([TWO_PHASES], name='whole', **settings)
    whole.train()
    resumed = make_runner(
        [TWO_PHASES],
        name='resumed',
        load_from=str(tmp_path / 'whole' / f'epoch_{epoch}.pth'),
        resume=True,
        **settings,
    )
    resumed.train()
    assert not _moved(whole.model.state_dict(), resumed.model.state_dict())
    states = [
        runner.optim_wrapper.optimizer.state_dict()['state']
        for runner in (whole, resumed)
    ]
    assert states[0].keys() == states[1].keys()
    assert all(
        torch.equal(states[0][key]['exp_avg'], states[1][key]['exp_avg'])
        for key in states[0]
    )


def test_learning_rate_switches_with_the_phase(
    make_runner: MakeRunner,
) -> None:
    seen = []

    class Watch(Hook):
        def before_train_iter(self, runner: Runner, *_, **__) -> None:
            [group] = runner.optim_wrapper.param_groups
            weight = runner.model.backbone.layers[0][0].weight
            seen.append((group['lr'], weight.requires_grad))

    make_runner([TWO_PHASES, Watch()], param_scheduler=[SWITCH]).train()
    rates, trainable = zip(*seen, strict=True)
    assert rates == pytest.approx([0.01] * 6 + [1e-4] * 6)
    assert trainable == (False,) * 6 + (True,) * 6


def test_averaged_weights_stand_still_too(make_runner: MakeRunner) -> None:
    averages = []

    class Averages(Snapshots):
        def after_train_epoch(self, runner: Runner) -> None:
            average = ema.ema_model.module
            averages.append(
                {
                    name: value.clone()
                    for name, value in average.state_dict().items()
                }
            )

    ema = EMAHook(momentum=0.3)
    make_runner([TWO_PHASES, ema, Averages()]).train()
    start, _, switch, _, end = averages
    assert _moved(start, switch) == {'head.weight', 'head.bias'}
    assert _moved(switch, end) == _all_but_stem(start)


def test_both_switches_are_logged(
    make_runner: MakeRunner, caplog: pytest.LogCaptureFixture
) -> None:
    runner = make_runner([TWO_PHASES], epochs=3)
    runner.logger.addHandler(caplog.handler)
    with caplog.at_level(logging.INFO):
        runner.train()
    lines = [line for line in caplog.messages if 'FreezeHook' in line]
    # Head 4 x 3 + 3; stem 3 x 4 x 9 + 4; two blocks of 4 x 4 x 9 + 4 + 8.
    assert [line.split(': ', 2)[-1] for line in lines if 'param' in line] == [
        '424 parameters frozen, 15 trainable',
        '112 parameters frozen, 327 trainable',
    ]


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (dict(modules='backbone'), r"write modules=\['backbone'\]"),
        (dict(modules=[]), 'list of submodule names'),
        (dict(unfreeze_epoch=0), 'at least 1, found 0'),
    ],
)
def test_arguments_that_cannot_be_meant(arguments: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        FreezeHook(**arguments)


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (dict(modules=['backbon']), "no module 'backbon'.*mean 'backbone'"),
        (dict(modules=['zzz']), 'there are .*backbone, head'),
        (dict(unfreeze_epoch=4), 'unfreeze_epoch=4 is never reached in 4'),
        (dict(modules=['backbone', 'head']), 'no parameter to train'),
    ],
)
def test_hooks_that_do_not_fit_the_run(
    make_runner: MakeRunner, arguments: dict, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        make_runner([FreezeHook(**arguments)]).train()


DISTRIBUTED = """
import sys, torch
from mmvision_ext.engine.runner import Runner
from mmvision_ext.testing.tiny_classification import *
runner = Runner(
    model=TinyClassifier(), work_dir=sys.argv[1], launcher='pytorch',
    experiment_name='two', randomness=dict(seed=0),
    train_dataloader=dict(dataset=TinyDataset(), batch_size=2, num_workers=0,
        collate_fn=dict(type='default_collate'),
        sampler=dict(type='DefaultSampler', shuffle=True)),
    train_cfg=dict(by_epoch=True, max_epochs=3),
    optim_wrapper=dict(optimizer=dict(type='Adam', lr=0.01)),
    custom_hooks=[dict(type='mmvision_ext.FreezeHook', unfreeze_epoch=1)],
)
start = {k: v.clone() for k, v in runner.model.module.state_dict().items()}
runner.train()
end = runner.model.module.state_dict()
torch.save((start, end), f'{sys.argv[1]}/rank{runner.rank}.pt')
"""


def test_two_processes_agree_after_the_switch(tmp_path: Path) -> None:
    script = tmp_path / 'two.py'
    script.write_text(DISTRIBUTED)
    done = subprocess.run(
        [
            sys.executable,
            '-m',
            'torch.distributed.run',
            '--standalone',
            '--nproc-per-node=2',
            str(script),
            str(tmp_path),
        ],
        env={
            **os.environ,
            'OMP_NUM_THREADS': '1',
            'CUDA_VISIBLE_DEVICES': '',
        },
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    ranks = [torch.load(tmp_path / f'rank{i}.pt') for i in range(2)]
    start, end = ranks[0]
    parameters = dict(TinyClassifier().named_parameters())
    # Every parameter learns after the switch: a reducer that did not know
    # the backbone would leave each process with its own.
    assert 'backbone.layers.0.0.weight' in _moved(start, end)
    for name in parameters:
        assert torch.equal(end[name], ranks[1][1][name]), name


def test_names_may_be_nested(make_runner: MakeRunner) -> None:
    model = TinyClassifier()
    model.alias = model.backbone
    runner = make_runner([FreezeHook(['alias.layers'])], model=model)
    runner.train()
    assert not any(p.requires_grad for p in model.backbone.parameters())
    assert isinstance(model.alias, nn.Module)
