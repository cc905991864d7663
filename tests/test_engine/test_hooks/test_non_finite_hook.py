"""Losses and gradients that are not finite stop a training, or are skipped."""

import copy
import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.hooks import CheckpointHook, EMAHook, Hook
from mmengine.optim import OptimWrapper
from mmengine.runner import Runner as StockRunner
from mmengine.runner import set_random_seed

from mmvision_ext.engine.checkpointing import newest_good, read_checkpoint
from mmvision_ext.engine.hooks import NonFiniteHook, non_finite_hook
from mmvision_ext.engine.launch import exit_on_input_error
from mmvision_ext.engine.non_finite import NonFiniteError
from mmvision_ext.engine.runner import Runner
from mmvision_ext.registry import OPTIM_WRAPPERS
from mmvision_ext.testing.child_processes import Ending, run_children
from mmvision_ext.testing.non_finite_faults import FaultyNet, faulty_runner
from mmvision_ext.utils import InputError

BY_STEP = ('nan', 'inf', 'gradient', 'input')


@pytest.fixture(autouse=True)
def _without_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr('torch.cuda.is_available', lambda: False)


def _train(
    work_dir: Path, make: Callable[[], StockRunner], processes: int = 1
) -> Ending:
    """Train in processes of their own, as ``tools/train.py`` does."""

    def work() -> None:
        with exit_on_input_error():
            make().train()

    output = work_dir.with_name(f'{work_dir.name}.txt')
    return run_children(work, output, processes)


class _States(Hook):
    """Keeps everything that a step may change, before and after it."""

    priority = 'LOWEST'

    def __init__(self) -> None:
        self.before: list[Any] = []
        self.after: list[Any] = []

    def before_train_iter(self, runner: StockRunner, *_: Any, **__: Any):
        self.before.append(_state(runner))

    def after_train_iter(self, runner: StockRunner, *_: Any, **__: Any):
        self.after.append(_state(runner))


def _state(runner: StockRunner) -> dict[str, Any]:
    state = dict(
        model=runner.model.state_dict(),
        optimizer=runner.optim_wrapper.state_dict(),
    )
    return copy.deepcopy(state)


def _equal(first: Any, second: Any) -> bool:
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(
            _equal(value, second[key]) for key, value in first.items()
        )
    if isinstance(first, torch.Tensor):
        return torch.equal(first, second)
    return first == second


def _is_finite(path: Path) -> bool:
    content = read_checkpoint(path)
    states = [content['state_dict'], content.get('ema_state_dict', {})]
    return all(
        bool(torch.isfinite(tensor).all())
        for state in states
        for name, tensor in state.items()
        if not name.endswith('mask')
    )


def test_mmengine_alone_trains_to_the_end(tmp_path: Path) -> None:
    """The contrast: its own hooks save four times what is worth nothing."""
    runner = faulty_runner(
        tmp_path / 'run',
        {1: 'nan'},
        [],
        epochs=4,
        checkpoint=dict(
            type='CheckpointHook', max_keep_ckpts=-1, save_best=None
        ),
    )
    runner.train()
    saved = sorted((tmp_path / 'run').glob('epoch_*.pth'))
    assert len(saved) == 4
    assert not any(map(_is_finite, saved))


@pytest.mark.parametrize('kind', BY_STEP)
@pytest.mark.parametrize('clip_grad', [None, dict(max_norm=1.0)])
def test_stops_before_the_step(
    kind: str, clip_grad: dict | None, tmp_path: Path
) -> None:
    states = _States()
    runner = faulty_runner(
        tmp_path / 'run',
        {4: kind},
        [NonFiniteHook(), states, EMAHook()],
        epochs=3,
        optim_wrapper=dict(
            optimizer=dict(type='SGD', lr=0.1, momentum=0.9),
            clip_grad=clip_grad,
        ),
    )
    with pytest.raises(NonFiniteError) as error:
        runner.train()
    text = str(error.value)
    assert 'iteration 4, epoch 2' in text
    assert 'images: 2.png, 3.png' in text
    assert 'epoch_1.pth' in text  # where to go on
    wrong = 'gradient of last.bias' if kind == 'gradient' else 'loss_square'
    assert wrong in text
    now = _state(runner)
    weights = {name for name, _ in runner.model.named_parameters()}
    for name in weights:
        kept = states.before[-1]['model'][name]
        assert torch.equal(now['model'][name], kept)
    assert _equal(now['optimizer'], states.before[-1]['optimizer'])
    record = json.loads(
        (tmp_path / 'run' / 'non_finite' / 'iter_4.json').read_text()
    )
    assert record['samples'] == [
        dict(img_path='2.png', img_id=2),
        dict(img_path='3.png', img_id=3),
    ]
    assert set(record['losses']) == {'loss', 'loss_square', 'loss_other'}
    assert record['learning_rates'] == {'lr': [0.1]}
    assert all(map(_is_finite, (tmp_path / 'run').glob('*.pth')))


@pytest.mark.parametrize('kind', BY_STEP)
def test_a_skipped_step_changes_nothing(kind: str, tmp_path: Path) -> None:
    states = _States()
    hook = NonFiniteHook('skip', save_inputs=True)
    runner = faulty_runner(
        tmp_path / 'run',
        {2: kind},
        [hook, states, EMAHook(momentum=0.5)],
    )
    runner.train()
    changed = [
        not _equal(before, after)
        for before, after in zip(states.before, states.after, strict=True)
    ]
    assert changed == [True, False, True, True]
    assert _is_finite(newest_good(tmp_path / 'run').path)
    folder = tmp_path / 'run' / 'non_finite'
    assert {path.name for path in folder.iterdir()} == {
        'iter_2.json',
        'iter_2.pth',
    }
    saved = torch.load(folder / 'iter_2.pth', weights_only=True)['inputs']
    values = torch.linspace(-1, 1, 8).reshape(4, 2)
    assert torch.equal(torch.stack(saved), values[2:])
    scalars = runner.message_hub.log_scalars
    logged = [scalars[f'train/{name}'].data[0] for name in ('loss',)]
    assert all(torch.isfinite(torch.tensor(values)).all() for values in logged)


def test_too_many_are_not_skipped(tmp_path: Path) -> None:
    """Those before a resume count as well."""

    def make(faults: dict[int, str], epochs: int) -> StockRunner:
        hook = NonFiniteHook('skip', max_skipped=2)
        return faulty_runner(
            tmp_path / 'run', faults, [hook], epochs, resume=True
        )

    make({1: 'nan', 2: 'nan'}, 1).train()
    with pytest.raises(NonFiniteError, match='max_skipped=2 .*before'):
        make({2: 'inf'}, 2).train()


def test_accumulated_gradients(tmp_path: Path) -> None:
    """What the fault's update had so far is dropped, the rest counts."""
    states = _States()
    runner = faulty_runner(
        tmp_path / 'run',
        {1: 'nan'},
        [NonFiniteHook('skip'), states],
        epochs=1,
        optim_wrapper=dict(
            optimizer=dict(type='SGD', lr=0.1), accumulative_counts=2
        ),
    )
    runner.train()
    model = FaultyNet()
    model.load_state_dict(states.before[0]['model'])
    inputs = torch.linspace(-1, 1, 8).reshape(4, 2)[2:]
    losses = model([*inputs], mode='loss')
    (losses['loss_square'] / 2).backward()
    for name, parameter in model.named_parameters():
        after = states.after[1]['model'][name]
        assert torch.allclose(after, parameter - 0.1 * parameter.grad)
    assert runner.message_hub.get_info('skipped_steps') == 1


@OPTIM_WRAPPERS.register_module()
class _ScaledWrapper(OptimWrapper):
    """As mmengine's AmpOptimWrapper, which wants a GPU."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.loss_scaler = torch.amp.GradScaler('cpu', init_scale=2.0**127)

    def backward(self, loss: torch.Tensor, **options: Any) -> None:
        self.loss_scaler.scale(loss).backward(**options)
        self._inner_count += 1

    def step(self, **options: Any) -> None:
        self.loss_scaler.step(self.optimizer, **options)
        self.loss_scaler.update()


@pytest.mark.parametrize(('kind', 'stops'), [('', False), ('nan', True)])
def test_overflows_of_a_loss_scaler(
    kind: str, stops: bool, tmp_path: Path
) -> None:
    set_random_seed(0)
    states = _States()
    runner = faulty_runner(
        tmp_path / 'run',
        {4: kind},
        [NonFiniteHook(), states],
        epochs=3,
        optim_wrapper=dict(
            type='mmvision_ext._ScaledWrapper',
            optimizer=dict(type='SGD', lr=100.0),
        ),
    )
    if stops:
        with pytest.raises(NonFiniteError, match='iteration 4'):
            runner.train()
        return
    runner.train()
    weights = [state['model']['last.weight'] for state in states.after]
    assert torch.equal(weights[0], states.before[0]['model']['last.weight'])
    assert runner.optim_wrapper.loss_scaler.get_scale() < 2.0**127


@pytest.mark.parametrize(
    ('interval', 'epochs'),
    [
        (2, 3),  # read after it
        (9, 3),  # read for the save
    ],
)
def test_read_later(
    interval: int,
    epochs: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As on a GPU whose host runs ahead."""
    monkeypatch.setattr(non_finite_hook, '_waits', lambda model: True)
    hooks = [NonFiniteHook(interval=interval), EMAHook()]
    runner = faulty_runner(tmp_path / 'run', {3: 'gradient'}, hooks, epochs)
    with pytest.raises(NonFiniteError) as error:
        runner.train()
    assert 'iteration 3, epoch 2' in str(error.value)
    assert 'images: 0.png, 1.png' in str(error.value)
    saved = [*(tmp_path / 'run').glob('*.pth')]
    assert saved and all(map(_is_finite, saved))


@pytest.mark.parametrize('policy', ['stop', 'skip'])
def test_one_process_of_two(policy: str, tmp_path: Path) -> None:
    def make() -> StockRunner:
        rank = torch.distributed.get_rank() if _joined() else 0
        faults = {2: 'nan'} if rank == 1 else {}
        return faulty_runner(
            tmp_path / 'run',
            faults,
            [NonFiniteHook(policy)],
            epochs=3,
            runner_class=Runner,
            launcher='pytorch',
            log_level='WARNING',
        )

    ending = _train(tmp_path / 'run', make, processes=2)
    folder = tmp_path / 'run' / 'non_finite'
    records = {
        path.name: json.loads(path.read_text()) for path in folder.iterdir()
    }
    assert set(records) == {'iter_2_rank0.json', 'iter_2_rank1.json'}
    assert records['iter_2_rank1.json']['losses']['loss'] == 'nan'
    assert records['iter_2_rank0.json']['losses']['loss'] != 'nan'
    newest = newest_good(tmp_path / 'run').path
    assert _is_finite(newest)
    if policy == 'stop':
        assert ending.statuses == [2, 2], ending.output
        assert newest.name == 'epoch_1.pth'
    else:
        assert ending.statuses == [0, 0], ending.output
        assert newest.name == 'epoch_3.pth'


def _joined() -> bool:
    """Join the job, whose ranks the runner asks for later."""
    torch.distributed.init_process_group('gloo')
    return True


@pytest.mark.parametrize('kind', ['weight', 'buffer'])
@pytest.mark.parametrize('is_average', [False, True])
def test_such_weights_are_never_saved(
    kind: str, is_average: bool, tmp_path: Path
) -> None:
    """Even where no hook watches the steps."""
    hooks: list[Hook] = [EMAHook(momentum=0.9)] if is_average else []
    make = functools.partial(
        faulty_runner, tmp_path / 'run', {4: kind}, hooks, epochs=3
    )
    ending = _train(tmp_path / 'run', make)
    assert ending.statuses == [2]
    assert 'epoch_2.pth: not saved, since its weights' in ending.output
    name = 'first.weight' if kind == 'weight' else 'norm.running_var'
    assert f'{name}: ' in ending.output
    assert 'mask' not in ending.output  # infinite from the beginning
    saved = {path.name for path in (tmp_path / 'run').glob('*.pth')}
    assert saved == {'epoch_1.pth', 'best_test_accuracy_epoch_1.pth'}
    assert newest_good(tmp_path / 'run').path.name == 'epoch_1.pth'


def test_the_optimizer_is_given_back(tmp_path: Path) -> None:
    runner = faulty_runner(tmp_path / 'run', {}, [NonFiniteHook()])
    runner.train()
    assert 'step' not in vars(runner.optim_wrapper)
    assert not isinstance(runner.hooks[0], CheckpointHook)
    assert isinstance(runner.hooks[0], NonFiniteHook)  # before all others


@pytest.mark.parametrize(
    'settings',
    [
        dict(policy='ignore'),
        dict(max_skipped=0),
        dict(interval=0),
        dict(policy='skip', interval=2),
        dict(save_inputs=True, interval=2),
    ],
)
def test_wrong_settings(settings: dict) -> None:
    with pytest.raises(InputError, match='NonFiniteHook: expected'):
        NonFiniteHook(**settings)
