"""Trainings with several optimizers: resumed exactly, and no step skipped."""

from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.model import BaseModel
from mmengine.optim import OptimWrapper, OptimWrapperDict
from mmengine.runner import Runner
from torch import nn

from mmvision_ext.engine.checkpointing import read_checkpoint
from mmvision_ext.engine.hooks import ExactResumeHook, NonFiniteHook
from mmvision_ext.testing.resumed_training import differences
from mmvision_ext.testing.tiny_training import tiny_runner
from mmvision_ext.utils import InputError

STEPS = 8


class _Pair(BaseModel):
    """Two lines, each with an optimizer; the second learns every other step.

    Attributes:
        steps: Training steps that were done before.
    """

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(2, 1)
        self.second = nn.Linear(2, 1)
        self.register_buffer('steps', torch.zeros((), dtype=torch.long))

    def forward(self, inputs: torch.Tensor, mode: str = 'tensor') -> Any:
        output = self.first(inputs)
        return [*output] if mode == 'predict' else output

    def train_step(self, data: dict, optim_wrapper: OptimWrapperDict) -> dict:
        inputs = data['inputs']
        first = (self.first(inputs) + 1).square().mean()
        optim_wrapper['first'].update_params(first)
        second = (self.second(inputs) - 2).square().mean()
        if self.steps % 2 == 0:
            optim_wrapper['second'].update_params(second)
        self.steps += 1
        return dict(loss_first=first.detach(), loss_second=second.detach())


def _runner(
    folder: Path, counts: tuple[int, int] = (3, 2), **settings: Any
) -> Runner:
    folder.mkdir(exist_ok=True)
    torch.manual_seed(0)
    model = _Pair()
    wrapper = OptimWrapperDict(
        **{
            name: OptimWrapper(
                torch.optim.SGD(part.parameters(), lr=0.1, momentum=0.9),
                accumulative_counts=count,
            )
            for (name, part), count in zip(
                (('first', model.first), ('second', model.second)),
                counts,
                strict=True,
            )
        }
    )
    return tiny_runner(
        folder,
        **{
            **dict(
                model=model,
                optim_wrapper=wrapper,
                train_cfg=dict(
                    by_epoch=False, max_iters=STEPS, val_interval=100
                ),
                custom_hooks=[ExactResumeHook()],
                checkpoint=dict(
                    type='CheckpointHook',
                    by_epoch=False,
                    max_keep_ckpts=-1,
                    save_best=None,
                ),
                log_level='WARNING',
            ),
            **settings,
        },
    )


def _log(folder: Path) -> str:
    return ''.join(path.read_text() for path in folder.rglob('*.log'))


def test_accumulated_gradients_of_both(tmp_path: Path) -> None:
    whole = tmp_path / 'whole'
    _runner(whole).train()
    saved = read_checkpoint(whole / 'iter_4.pth')['exact_resume']
    assert saved['counts'] == dict(first=4, second=2)
    assert set(saved['gradients']) == {'first.weight', 'first.bias'}
    for step in (1, 3, 5):
        folder = tmp_path / f'from_{step}'
        source = str(whole / f'iter_{step}.pth')
        _runner(folder, resume=True, load_from=source).train()
        last = f'iter_{STEPS}.pth'
        assert differences(whole / last, folder / last) == [], step
        assert 'will not be equal' not in _log(folder)


def test_what_the_checkpoint_does_not_tell(tmp_path: Path) -> None:
    _runner(tmp_path / 'whole', (1, 1)).train()
    source = tmp_path / 'whole' / 'iter_4.pth'
    assert read_checkpoint(source)['exact_resume']['counts'] == {}
    folder = tmp_path / 'resumed'
    _runner(folder, resume=True, load_from=str(source)).train()
    assert 'how far each of several optimizers was' in _log(folder)


def test_no_step_of_two_is_skipped(tmp_path: Path) -> None:
    hooks = [NonFiniteHook(policy='skip')]
    runner = _runner(tmp_path / 'run', custom_hooks=hooks)
    with pytest.raises(InputError, match='one optimizer .* 2 in .*first, sec'):
        runner.train()
    assert runner.iter == 0
    _runner(tmp_path / 'run', custom_hooks=[NonFiniteHook()]).train()
