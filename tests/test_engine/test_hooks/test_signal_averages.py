"""Signals in validations of a moving average, in either of its passes."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest
from mmengine.hooks import EMAHook, Hook
from mmengine.runner import Runner, set_random_seed
from mmpretrain.engine import EMAHook as EMAHookOfMMPretrain

from mmvision_ext.engine.checkpointing import newest_good, read_checkpoint
from mmvision_ext.engine.hooks import ExactResumeHook, SignalHook
from mmvision_ext.testing.child_processes import Ending, run_children
from mmvision_ext.testing.resumed_training import differences
from mmvision_ext.testing.tiny_training import tiny_runner

BOTH = dict(evaluate_on_ema=True, evaluate_on_origin=True)


class _SignalInValidation(Hook):
    """Sends SIGTERM within a batch of a validation.

    Args:
        batch: Number of the batch, from 1, over all validations; 0 sends
            nothing.
    """

    def __init__(self, batch: int) -> None:
        self.batch = batch
        self.seen = 0

    def before_val_iter(self, runner: Runner, *_: Any, **__: Any) -> None:
        self.seen += 1
        if self.seen == self.batch:
            os.kill(os.getpid(), signal.SIGTERM)


def _train(
    folder: Path, average: EMAHook, batch: int, interval: int = 3
) -> Ending:
    """Three epochs of two steps, each followed by a validation of two."""
    folder.mkdir(exist_ok=True)

    def work() -> None:
        set_random_seed(0)
        tiny_runner(
            folder,
            epochs=3,
            checkpoint=dict(
                interval=interval, max_keep_ckpts=-1, save_best=None
            ),
            optim_wrapper=dict(
                optimizer=dict(type='SGD', lr=0.1, momentum=0.9)
            ),
            custom_hooks=[
                average,
                ExactResumeHook(),
                SignalHook(),
                _SignalInValidation(batch),
            ],
            log_level='WARNING',
            resume=True,
        ).train()

    return run_children(work, folder.with_name(f'{folder.name}.txt'))


@pytest.mark.parametrize(
    ('kind', 'options', 'batch', 'steps'),
    [
        (EMAHook, {}, 3, 4),
        (EMAHookOfMMPretrain, {}, 4, 4),
        (EMAHookOfMMPretrain, BOTH, 1, 2),  # the first pass
        (EMAHookOfMMPretrain, BOTH, 3, 3),  # the second: the next step
        (EMAHookOfMMPretrain, BOTH, 8, 5),
        (
            EMAHookOfMMPretrain,
            dict(evaluate_on_ema=False, evaluate_on_origin=True),
            3,
            4,
        ),
    ],
)
def test_the_trained_weights_are_saved(
    kind: type[EMAHook],
    options: dict[str, bool],
    batch: int,
    steps: int,
    tmp_path: Path,
) -> None:
    whole, cut = tmp_path / 'whole', tmp_path / 'cut'
    whole_run = _train(whole, kind(momentum=0.5, **options), 0, interval=1)
    assert whole_run.statuses == [0]
    ending = _train(cut, kind(momentum=0.5, **options), batch)
    assert ending.statuses == [128 + signal.SIGTERM], ending.output
    assert 'Traceback' not in ending.output
    saved = newest_good(cut).path
    assert saved is not None and saved.name == f'iter_{steps}.pth'
    if steps % 2 == 0:  # a regular save of the same step has the same state
        assert differences(whole / f'epoch_{steps // 2}.pth', saved) == []
    content = read_checkpoint(saved)
    weights = content['ema_state_dict']['module.layer.weight']  # swapped
    assert not weights.equal(content['state_dict']['layer.weight'])
    assert _train(cut, kind(momentum=0.5, **options), 0).statuses == [0]
    assert differences(whole / 'epoch_3.pth', cut / 'epoch_3.pth') == []


def test_the_hook_is_given_back(tmp_path: Path) -> None:
    average = EMAHook()
    tiny_runner(tmp_path, 1, custom_hooks=[average, SignalHook()]).train()
    assert '_swap_ema_parameters' not in vars(average)
