"""The state of another optimizer is not resumed from."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.optim import OptimWrapper, OptimWrapperDict

from mmvision_ext.engine.checkpointing import (
    read_checkpoint,
    require_optimizer_state,
    write_checkpoint,
)
from mmvision_ext.engine.runner import Runner
from mmvision_ext.testing.tiny_training import tiny_runner
from mmvision_ext.utils import InputError

Kind = Callable[..., torch.optim.Optimizer]


def _wrapper(
    *shapes: tuple[int, ...],
    kind: Kind = torch.optim.AdamW,
    groups: int = 1,
    **settings: Any,
) -> OptimWrapper:
    """An optimizer after a step, of ones in groups of the same length."""
    values = [torch.ones(shape, requires_grad=True) for shape in shapes]
    length = len(values) // groups
    optimizer = kind(
        [
            dict(params=values[first : first + length])
            for first in range(0, len(values), length)
        ],
        lr=0.1,
        **settings,
    )
    for value in values:
        value.grad = torch.ones_like(value)
    optimizer.step()
    return OptimWrapper(optimizer)


TWO = ((3, 2), (3,))
FOREIGN: dict[str, tuple[OptimWrapper, str]] = {
    'parameters': (
        _wrapper((3, 2), (3,), (5,)),
        'optimizer.param_groups.0: expected 2 parameter(s), found 3',
    ),
    'groups': (
        _wrapper(*TWO, groups=2),
        'optimizer: expected 1 parameter group(s) for AdamW, found 2',
    ),
    'shapes': (
        _wrapper((3, 2), (4,)),
        'optimizer.param_groups.0: expected exp_avg of parameter 1 with shape '
        '(3,), found (4,)',
    ),
    'kind': (
        _wrapper(*TWO, kind=torch.optim.SGD, momentum=0.9),
        'optimizer.param_groups.0: AdamW needs betas, eps, found none',
    ),
}


@pytest.mark.parametrize('other', FOREIGN)
def test_another_optimizer(other: str) -> None:
    wrapper, fault = FOREIGN[other]
    with pytest.raises(InputError) as caught:
        require_optimizer_state(
            dict(optimizer=wrapper.state_dict()), _wrapper(*TWO), 'a.pth'
        )
    text = str(caught.value)
    assert text.startswith(f'resume: a.pth: {fault}. It is of another model')
    assert 'name it in load_from, without --resume' in text


@pytest.mark.parametrize(
    'state',
    [[], 1, {}, dict(param_groups=[3], state={}), dict(param_groups=[])],
    ids=str,
)
def test_no_state_at_all(state: Any) -> None:
    with pytest.raises(InputError, match='expected state and param_groups of'):
        require_optimizer_state(dict(optimizer=state), _wrapper(*TWO), 'a.pth')


def test_several_optimizers() -> None:
    one, other = _wrapper(*TWO), _wrapper((3, 2))
    both = OptimWrapperDict(a=one, b=other)
    require_optimizer_state(dict(optimizer=both.state_dict()), both, 'a.pth')
    swapped = OptimWrapperDict(a=other, b=one)
    with pytest.raises(InputError, match='optimizer.a.param_groups.0: expec'):
        require_optimizer_state(
            dict(optimizer=swapped.state_dict()), both, 'a.pth'
        )
    with pytest.raises(InputError, match='expected the states of .*: a, b'):
        require_optimizer_state(
            dict(optimizer=one.state_dict()), both, 'a.pth'
        )


@pytest.mark.parametrize(
    ('kind', 'settings'),
    [
        (torch.optim.SGD, dict(momentum=0.9)),
        (torch.optim.AdamW, dict(amsgrad=True)),
        (torch.optim.RMSprop, dict(momentum=0.9)),
        (torch.optim.Adadelta, {}),
        (torch.optim.Adafactor, {}),
        (torch.optim.Rprop, {}),
    ],
)
def test_its_own_state_passes(kind: Kind, settings: dict) -> None:
    wrapper = _wrapper(*TWO, kind=kind, **settings)
    content = dict(optimizer=wrapper.state_dict())
    require_optimizer_state(content, wrapper, 'a.pth')


def test_what_is_not_built_yet_passes() -> None:
    content = dict(optimizer=_wrapper(*TWO).state_dict())
    require_optimizer_state(content, dict(type='OptimWrapper'), 'a.pth')
    require_optimizer_state({}, _wrapper(*TWO), 'a.pth')


def test_a_training(tmp_path: Path) -> None:
    tiny_runner(tmp_path, 1, Runner).train()
    path = tmp_path / 'epoch_1.pth'
    content = read_checkpoint(path)
    content['optimizer']['param_groups'][0]['params'] = [0, 1, 2, 3]
    write_checkpoint(content, path)
    again = tmp_path / 'again'
    again.mkdir()
    settings = dict(resume=True, load_from=str(path))
    with pytest.raises(InputError, match='epoch_1.pth: optimizer.param_gro'):
        tiny_runner(again, 2, Runner, **settings).train()
    runner = tiny_runner(again, 2, Runner)
    runner.resume(str(path), resume_optimizer=False)
    assert runner.iter == 2
