"""What is saved can be read again, or is refused before it is written."""

import collections
import copy
import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mmengine.optim.scheduler
import numpy as np
import pytest
import torch
from mmengine.hooks import Hook
from mmengine.logging import HistoryBuffer
from mmengine.optim import OneCycleParamScheduler, OptimWrapper
from mmengine.optim.scheduler import _ParamScheduler
from mmengine.runner import Runner
from torch import nn

from mmvision_ext.engine.checkpointing import (
    newest_good,
    read_checkpoint,
    write_checkpoint,
)
from mmvision_ext.testing.tiny_training import tiny_runner
from mmvision_ext.utils import InputError

#: What a schedule's constructor needs, by what its name begins with.
SETTINGS: dict[str, dict[str, Any]] = {
    'CosineAnnealing': dict(T_max=4),
    'CosineRestart': dict(periods=[3, 5], restart_weights=[1, 0.5], eta_min=0),
    'Exponential': dict(gamma=0.9),
    'MultiStep': dict(milestones=[1, 4]),
    'OneCycle': dict(eta_max=1.0, total_steps=8),
    'Step': dict(step_size=2),
}
SCHEDULES = [
    name
    for name in mmengine.optim.scheduler.__all__
    if name != '_ParamScheduler'
]


def _schedule(name: str, **settings: Any) -> _ParamScheduler:
    wrapper = OptimWrapper(
        torch.optim.SGD(nn.Linear(1, 1).parameters(), lr=0.1, momentum=0.9)
    )
    for start, needed in SETTINGS.items():
        if name.startswith(start):
            settings = {**needed, **settings}
    if name.endswith('ParamScheduler'):
        settings['param_name'] = 'lr'
    return getattr(mmengine.optim.scheduler, name)(wrapper, **settings)


def _rates(schedule: _ParamScheduler, steps: int) -> list[list[float]]:
    arguments = [{'loss': 1.0}] if 'Plateau' in type(schedule).__name__ else []
    rates = []
    for _ in range(steps):
        schedule.optimizer.update_params(_loss(schedule))
        schedule.step(*arguments)
        rates.append(
            [
                group[schedule.param_name]
                for group in schedule.optimizer.param_groups
            ]
        )
    return rates


def _loss(schedule: _ParamScheduler) -> torch.Tensor:
    group = schedule.optimizer.param_groups[0]
    return sum(weight.sum() for weight in group['params'])


@pytest.mark.parametrize('name', SCHEDULES)
def test_every_schedule_resumes(name: str, tmp_path: Path) -> None:
    path = tmp_path / 'a.pth'
    first = _schedule(name)
    _rates(first, 2)
    content = dict(
        optimizer=first.optimizer.state_dict(),
        param_schedulers=[first.state_dict()],
    )
    write_checkpoint(content, path)
    saved = read_checkpoint(path)
    second = _schedule(name)
    second.optimizer.load_state_dict(saved['optimizer'])
    second.load_state_dict(saved['param_schedulers'][0])
    assert _rates(second, 5) == _rates(first, 5)


def test_both_curves_of_the_one_cycle(tmp_path: Path) -> None:
    for strategy in ('cos', 'linear'):
        schedule = _schedule('OneCycleLR', anneal_strategy=strategy)
        write_checkpoint(schedule.state_dict(), tmp_path / 'a.pth')
        function = read_checkpoint(tmp_path / 'a.pth')['anneal_func']
        expected = getattr(OneCycleParamScheduler, f'_annealing_{strategy}')
        assert function is expected


class Leaving(Hook):
    """Leaves a value in the message hub, from some step on."""

    def __init__(self, value: Any, step: int) -> None:
        self.value, self.step = value, step

    def after_train_iter(self, runner: Runner, *_: Any, **__: Any) -> None:
        """Leave it."""
        if runner.iter >= self.step:
            runner.message_hub.update_info('place', self.value)


def test_one_cycle_resumes_in_a_training(tmp_path: Path) -> None:
    schedule = dict(
        type='OneCycleLR', eta_max=0.1, total_steps=8, by_epoch=False
    )
    tiny_runner(tmp_path, 2, param_scheduler=[schedule]).train()
    again = tiny_runner(tmp_path, 4, param_scheduler=[schedule], resume=True)
    again.train()
    assert again.iter == 8


@pytest.mark.parametrize('policy', ['stop', 'continue'])
def test_a_training_stops_before_it_loses_itself(
    policy: str, tmp_path: Path
) -> None:
    """The second save is refused; the first is still there and is read."""
    runner = tiny_runner(
        tmp_path,
        checkpoint=dict(on_write_error=policy),
        custom_hooks=[Leaving(tmp_path, step=2)],
    )
    with pytest.raises(InputError) as caught:
        runner.train()
    kind = f'{type(tmp_path).__module__}.{type(tmp_path).__qualname__}'
    told = f'not saved: message_hub.runtime_info.place: {kind} cannot be read'
    assert told in str(caught.value)
    newest = newest_good(tmp_path)
    assert (newest.path, newest.rejected) == (tmp_path / 'epoch_1.pth', [])


def _history(value: Any) -> HistoryBuffer:
    history = HistoryBuffer([1.0], [1])
    own = {**history._statistics_methods, 'median': value}
    history._statistics_methods = own  # the class has one for all
    return history


@pytest.mark.parametrize(
    ('value', 'told'),
    [
        (collections.defaultdict(list), 'x: collections.defaultdict'),
        (collections.deque([1]), 'x: collections.deque'),
        (datetime.date(2020, 1, 1), 'x: datetime.date'),
        (frozenset([1]), 'x: frozenset'),
        (np.array([None, 1]), 'x: numpy.ndarray of object'),
        (np.zeros(2, [('a', 'f4')]), "x: numpy.ndarray of [('a', '<f4')]"),
        (np.datetime64('2020'), 'x: numpy.datetime64 of datetime64[Y]'),
        ([1, {'a': (2, copy.copy)}], 'x.1.a.1: function'),
        ({datetime.date(2020, 1, 1): 2}, 'x.2020-01-01: datetime.date'),
        (1 << 3000, 'x: int'),
        (lambda: 0, 'x: function'),
        (_history(copy.copy), 'x._statistics_methods.median: function'),
    ],
    ids=lambda value: value.split(':')[1] if isinstance(value, str) else '',
)
def test_what_cannot_be_read_is_named(
    value: Any, told: str, tmp_path: Path
) -> None:
    content = dict(message_hub=dict(fine=1, x=value))
    with pytest.raises(InputError) as caught:
        write_checkpoint(content, tmp_path / 'a.pth')
    assert f'not saved: message_hub.{told} cannot' in str(caught.value)
    assert not [*tmp_path.iterdir()]


def test_what_a_module_notes_beside_its_weights(tmp_path: Path) -> None:
    state = nn.Linear(1, 1).state_dict()
    write_checkpoint(dict(state_dict=state), tmp_path / 'a.pth')
    state._metadata['']['place'] = tmp_path
    with pytest.raises(InputError, match=r'state_dict\._metadata\.\.place: '):
        write_checkpoint(dict(state_dict=state), tmp_path / 'b.pth')


RING: list = [torch.ones(2)]
RING.append(RING)


@pytest.mark.parametrize(
    'make',
    [
        lambda: collections.Counter('a'),
        lambda: {1, 2},
        lambda: slice(1, 2),
        lambda: b'a',
        lambda: b'',
        lambda: 1j,
        lambda: torch.float16,
        lambda: torch.Size([1]),
        lambda: np.float64(1),
        lambda: np.random.RandomState(0).get_state(),
        lambda: np.array(1.0),
        lambda: np.zeros((2, 3), order='F'),
        lambda: torch.ones(2, 2).to_sparse(),
        lambda: nn.Parameter(torch.ones(1)),
        lambda: HistoryBuffer([1.0], [1]),
        lambda: HistoryBuffer(),
        lambda: np.zeros((0, 4), np.float32),
        lambda: RING,
    ],
)
def test_nothing_else_is_refused(
    make: Callable[[], Any], tmp_path: Path
) -> None:
    write_checkpoint(dict(x=make()), tmp_path / 'a.pth')
    assert 'x' in read_checkpoint(tmp_path / 'a.pth')


def test_the_content_is_left_alone(tmp_path: Path) -> None:
    content = dict(a=[torch.ones(2), np.ones(2), HistoryBuffer([1.0], [1])])
    write_checkpoint(content, tmp_path / 'a.pth')
    assert content['a'][0].tolist() == content['a'][1].tolist() == [1, 1]
    assert content['a'][2].mean() == 1
