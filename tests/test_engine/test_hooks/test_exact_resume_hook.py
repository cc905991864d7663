"""Resumed trainings in one process: positions, validations, warnings."""

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import EarlyStoppingHook, Hook
from mmengine.optim.optimizer import amp_optimizer_wrapper
from mmengine.runner import Runner

from mmvision_ext.engine.checkpointing import read_checkpoint
from mmvision_ext.engine.hooks import ExactResumeHook
from mmvision_ext.engine.resuming import Place
from mmvision_ext.testing.resumed_training import differences
from mmvision_ext.testing.tiny_classification import (
    TinyClassifier,
    TinyDataset,
)
from mmvision_ext.testing.tiny_training import RisingMetric
from mmvision_ext.utils import InputError

Train = Callable[..., Runner]
EPOCHS, LENGTH = 2, 3
LAST = f'iter_{EPOCHS * LENGTH}.pth'


class _Journal(Hook):
    """Writes down what the loop does."""

    def __init__(self) -> None:
        self.events: list[Any] = []

    def after_train_iter(
        self, runner: Runner, batch_idx: int, *_: Any, **__: Any
    ) -> None:
        self.events.append((runner.epoch, batch_idx, runner.iter))

    def after_val_epoch(self, runner: Runner, metrics: Any = None) -> None:
        self.events.append(f'validated {runner.iter}')


class _FallingMetric(RisingMetric):
    """1, 0, 0, ..."""

    def compute_metrics(self, results: list) -> dict[str, float]:
        accuracy = super().compute_metrics(results)['accuracy']
        return dict(accuracy=float(accuracy == 1))


@pytest.fixture
def train(make_runner: Any, tmp_path: Path) -> Train:
    """Train or resume: a classifier with dropout, a checkpoint a step."""

    def run(
        name: str,
        resume_from: str | None = None,
        hooks: tuple[Hook, ...] | None = None,
        **settings: Any,
    ) -> Runner:
        torch.manual_seed(1)
        model = TinyClassifier(dropout=0.5)
        saved = dict(type='CheckpointHook', by_epoch=False, interval=1)
        runner = make_runner(
            [ExactResumeHook()] if hooks is None else [*hooks],
            name,
            EPOCHS,
            model,
            **{
                **dict(
                    default_hooks=dict(checkpoint=saved),
                    resume=resume_from is not None,
                    load_from=resume_from and str(tmp_path / resume_from),
                    param_scheduler=dict(
                        type='CosineAnnealingLR', by_epoch=False, T_max=9
                    ),
                ),
                **settings,
            },
        )
        runner.train()
        return runner

    return run


def _validation(metric: RisingMetric, **settings: Any) -> dict[str, Any]:
    """Settings of a training that is validated after each epoch."""
    loader = dict(
        dataset=TinyDataset(),
        batch_size=4,
        num_workers=0,
        collate_fn=dict(type='default_collate'),
        sampler=dict(type='DefaultSampler', shuffle=False),
    )
    saved = dict(
        type='CheckpointHook',
        interval=1,
        save_best='test/accuracy',
        rule='greater',
    )
    return dict(
        val_dataloader=loader,
        val_cfg=dict(),
        val_evaluator=[metric],
        default_hooks=dict(checkpoint=saved),
        **settings,
    )


def _log(folder: Path) -> str:
    return ''.join(path.read_text() for path in folder.rglob('*.log'))


@pytest.mark.parametrize('is_epoch_based', [True, False])
def test_every_step(
    is_epoch_based: bool, train: Train, tmp_path: Path
) -> None:
    settings: dict[str, Any] = {}
    if not is_epoch_based:
        settings['train_cfg'] = dict(by_epoch=False, max_iters=EPOCHS * LENGTH)
        settings['train_dataloader'] = _loader(
            sampler=dict(type='InfiniteSampler', shuffle=True)
        )
    train('whole', **settings)
    for step in range(1, EPOCHS * LENGTH):
        train(f'from_{step}', f'whole/iter_{step}.pth', **settings)
        assert not differences(
            tmp_path / 'whole' / LAST, tmp_path / f'from_{step}' / LAST
        )


def test_with_safe_checkpoints(train: Train, tmp_path: Path) -> None:
    saved = dict(
        type='mmvision_ext.SafeCheckpointHook', by_epoch=False, interval=1
    )
    settings = dict(default_hooks=dict(checkpoint=saved))
    train('whole', **settings)
    train('resumed', 'whole/iter_2.pth', **settings)
    assert not differences(
        tmp_path / 'whole' / LAST, tmp_path / 'resumed' / LAST
    )


def test_steps_do_not_depend_on_prefetched_batches(
    train: Train, tmp_path: Path
) -> None:
    settings = dict(train_dataloader=_loader(num_workers=2))
    train('whole', **settings)
    train('resumed', 'whole/iter_2.pth', **settings)
    assert not differences(
        tmp_path / 'whole' / LAST, tmp_path / 'resumed' / LAST
    )


def _loader(**settings: Any) -> dict[str, Any]:
    return {
        **dict(
            dataset=TinyDataset(),
            batch_size=4,
            num_workers=0,
            collate_fn=dict(type='default_collate'),
            sampler=dict(type='DefaultSampler', shuffle=True),
        ),
        **settings,
    }


@pytest.mark.parametrize('step', [2, 3, 5])
def test_without_the_hook_it_differs(
    step: int, train: Train, tmp_path: Path
) -> None:
    train('whole', hooks=())
    train('resumed', f'whole/iter_{step}.pth', hooks=())
    last = tmp_path / 'resumed' / LAST
    assert not last.exists() or differences(tmp_path / 'whole' / LAST, last)


def test_the_loop_goes_on_within_the_epoch(train: Train) -> None:
    train('whole')
    journal = _Journal()
    train('resumed', 'whole/iter_1.pth', (ExactResumeHook(), journal))
    assert journal.events == [
        (0, 1, 1),
        (0, 2, 2),
        (1, 0, 3),
        (1, 1, 4),
        (1, 2, 5),
    ]


def test_an_unknown_seed_is_resumed(train: Train, tmp_path: Path) -> None:
    train('whole', randomness=dict(seed=None))
    train('resumed', 'whole/iter_4.pth', randomness=dict(seed=None))
    assert not differences(
        tmp_path / 'whole' / LAST, tmp_path / 'resumed' / LAST
    )


def test_accumulated_gradients_are_resumed(
    train: Train, tmp_path: Path
) -> None:
    wrapper = dict(optimizer=dict(type='Adam', lr=0.01), accumulative_counts=2)
    train('whole', optim_wrapper=wrapper)
    for step in (1, 2, 3):
        saved = read_checkpoint(tmp_path / 'whole' / f'iter_{step}.pth')
        place = saved['exact_resume']
        assert place['accumulated'] is bool(step % 2)
        assert bool(place['gradients']) is bool(step % 2)
        name = f'from_{step}'
        train(name, f'whole/iter_{step}.pth', optim_wrapper=wrapper)
        assert not differences(
            tmp_path / 'whole' / LAST, tmp_path / name / LAST
        )


def test_the_loss_scaler_is_resumed(
    train: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # mmengine allows it on GPUs only; PyTorch has it on CPUs as well.
    monkeypatch.setattr(
        amp_optimizer_wrapper, 'is_cuda_available', lambda: True
    )
    scaler = functools.partial(torch.amp.GradScaler, 'cpu')
    monkeypatch.setattr(amp_optimizer_wrapper, 'GradScaler', scaler)
    wrapper = dict(
        type='AmpOptimWrapper',
        dtype='bfloat16',
        loss_scale=dict(init_scale=4.0, growth_interval=2),
        optimizer=dict(type='Adam', lr=0.01),
    )
    train('whole', optim_wrapper=wrapper)
    last = read_checkpoint(tmp_path / 'whole' / LAST)
    assert last['optimizer']['loss_scaler']['scale'] == 4 * 2**3
    for step in (1, 2, 3):
        name = f'from_{step}'
        train(name, f'whole/iter_{step}.pth', optim_wrapper=wrapper)
        assert not differences(
            tmp_path / 'whole' / LAST, tmp_path / name / LAST
        )


def test_a_validation_that_was_due_is_made_up_for(
    train: Train, tmp_path: Path
) -> None:
    # Epoch 1 is the best: saved again after validation. Epoch 2 is not.
    train('whole', **_validation(_FallingMetric()))
    for name, expected in (
        ('epoch_1', ['validated 6']),
        ('epoch_2', ['validated 6']),
    ):
        journal = _Journal()
        train(
            name,
            f'whole/{name}.pth',
            (ExactResumeHook(), journal),
            **_validation(_FallingMetric()),
        )
        found = [event for event in journal.events if isinstance(event, str)]
        assert found == expected


def test_validating_changes_nothing(train: Train, tmp_path: Path) -> None:
    settings = _validation(RisingMetric())
    saved = dict(type='CheckpointHook', interval=1)
    train('with', **settings)
    train('without', default_hooks=dict(checkpoint=saved))
    states = [
        read_checkpoint(tmp_path / name / 'epoch_2.pth')
        for name in ('with', 'without')
    ]
    for first, second in zip(
        *[state['state_dict'].values() for state in states], strict=True
    ):
        assert torch.equal(first, second)


def test_early_stopping_keeps_its_patience(
    train: Train, tmp_path: Path
) -> None:
    def stopping() -> EarlyStoppingHook:
        return EarlyStoppingHook(
            'test/accuracy', 'greater', min_delta=0, patience=2
        )

    settings = _validation(_FallingMetric())
    settings['train_cfg'] = dict(by_epoch=True, max_epochs=6)
    whole = train('whole', None, (ExactResumeHook(), stopping()), **settings)
    assert whole.epoch == 3  # best in 1, not in 2 and 3
    for epoch in (1, 2):
        metric = _FallingMetric()
        metric.accuracy = 1  # its best is over, and so it is after resuming
        settings['val_evaluator'] = [metric]
        hooks = (ExactResumeHook(), stopping())
        name = f'from_{epoch}'
        resumed = train(name, f'whole/epoch_{epoch}.pth', hooks, **settings)
        assert (epoch, resumed.epoch) == (epoch, 3)


def test_what_cannot_be_the_same_is_named(
    train: Train, tmp_path: Path
) -> None:
    train('whole')
    steps = train(
        'resumed', 'whole/iter_2.pth', train_dataloader=_loader(batch_size=2)
    )
    assert '4 samples a step, now 2' in _log(tmp_path / 'resumed')
    assert steps.iter == 2 + 2 + 6  # four of twelve samples were left
    train('stock', hooks=())
    train('other', 'stock/iter_4.pth')
    assert 'saved without ExactResumeHook' in _log(tmp_path / 'other')


def test_a_changed_schedule_is_named(train: Train, tmp_path: Path) -> None:
    def settings(period: int) -> dict[str, Any]:
        rate = dict(type='CosineAnnealingLR', by_epoch=False, T_max=period)
        cfg = Config(dict(param_scheduler=rate))
        return dict(param_scheduler=dict(rate), cfg=cfg)

    train('whole', **settings(9))
    train('same', 'whole/iter_2.pth', **settings(9))
    for name in ('whole', 'same'):
        assert 'ExactResumeHook: ' not in _log(tmp_path / name)
    train('resumed', 'whole/iter_2.pth', **settings(7))
    log = _log(tmp_path / 'resumed')
    assert 'WARNING - ExactResumeHook: the schedule has changed' in log
    assert 'param_scheduler.T_max: 9 in the checkpoint, 7 in the' in log


def test_the_state_is_plain(train: Train, tmp_path: Path) -> None:
    train('whole')
    place = read_checkpoint(tmp_path / 'whole' / 'iter_2.pth')['exact_resume']
    assert json.loads(json.dumps(place)) == dict(
        position=2,
        batch=4,
        processes=1,
        sampler_seed=0,
        is_validated=False,
        accumulated=False,
        gradients={},
        counts={},
        patience=[],
    )


FOREIGN: dict[str, tuple[Callable[[dict], Any], str]] = {
    'lacks': (lambda state: state.pop('position'), 'no position'),
    'lacks two': (
        lambda state: [state.pop(key) for key in ('batch', 'is_validated')],
        'no batch; no is_validated',
    ),
    'more': (lambda state: state.update(stage=3), "unknown 'stage'"),
    'text': (
        lambda state: state.update(position='2'),
        'position is str, expected a whole number',
    ),
    'negative': (
        lambda state: state.update(position=-1),
        'position is int, expected a whole number',
    ),
    'flag': (
        lambda state: state.update(is_validated=1),
        'is_validated is int, expected True or False',
    ),
    'gradients': (
        lambda state: state.update(gradients=[torch.ones(1)]),
        'gradients is list, expected names and tensors',
    ),
    'counts': (
        lambda state: state.update(counts={'a': 0.5}),
        'counts is dict, expected names and whole numbers',
    ),
    'patience': (
        lambda state: state.update(patience=[[1.0]]),
        'patience is list, expected pairs of numbers',
    ),
}


def _saved_with(
    content: Any, train: Train, tmp_path: Path, hooks: tuple[Hook, ...] = ()
) -> str:
    """A checkpoint of two steps with another state of the hook."""
    train('whole', hooks=hooks)
    path = tmp_path / 'whole' / 'iter_2.pth'
    checkpoint = read_checkpoint(path)
    checkpoint['exact_resume'] = content
    torch.save(checkpoint, path)
    return 'whole/iter_2.pth'


def _state(**settings: Any) -> dict[str, Any]:
    return vars(
        Place(
            position=2,
            batch=4,
            processes=1,
            sampler_seed=0,
            is_validated=False,
        )
    ) | dict(settings)


@pytest.mark.parametrize('change', FOREIGN)
def test_the_state_of_another_version(
    change: str, train: Train, tmp_path: Path
) -> None:
    state = _state()
    FOREIGN[change][0](state)
    name = _saved_with(state, train, tmp_path)
    with pytest.raises(InputError) as caught:
        train('resumed', name)
    text = str(caught.value)
    assert text.startswith(f'resume: {tmp_path / name}: exact_resume was not')
    assert f'ExactResumeHook: {FOREIGN[change][1]}. To go on' in text
    assert 'name it in load_from, without --resume' in text


def test_a_state_that_is_no_dict(train: Train, tmp_path: Path) -> None:
    name = _saved_with([2, 4], train, tmp_path)
    with pytest.raises(InputError, match='it is list, expected a dict'):
        train('resumed', name)


def test_a_state_without_what_came_later(train: Train, tmp_path: Path) -> None:
    """Parts with a default may be missing."""
    state = _state()
    for key in ('accumulated', 'gradients', 'counts', 'patience'):
        del state[key]
    name = _saved_with(state, train, tmp_path)
    assert train('resumed', name).iter == EPOCHS * LENGTH


@pytest.mark.parametrize(
    ('gradients', 'found'),
    [
        ({'tail.weight': torch.ones(2)}, 'no such parameter'),
        ({'head.bias': torch.ones(99)}, r'head.bias, \(99,\), found \('),
    ],
)
def test_gradients_of_another_model(
    gradients: dict[str, torch.Tensor],
    found: str,
    train: Train,
    tmp_path: Path,
) -> None:
    state = _state(accumulated=True, gradients=gradients)
    name = _saved_with(state, train, tmp_path)
    with pytest.raises(
        InputError, match=f'gradients are of another .*{found}'
    ):
        train('resumed', name)
