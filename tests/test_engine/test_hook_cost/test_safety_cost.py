"""The benchmark measures what it says; its times are not judged here."""

from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmvision_ext.datasets.cifar_files import CLASSES
from mmvision_ext.engine.hook_cost import safety
from mmvision_ext.engine.hook_cost.paired_steps import Clock, SteppedLoop
from mmvision_ext.engine.hook_cost.safety import (
    SafetyCost,
    measure_safety_cost,
)
from mmvision_ext.testing.small_cifar import make_cifar
from mmvision_ext.utils import InputError

ROOT = Path(__file__).parents[3]
CONFIG = ROOT / 'configs/cifar100/resnet20_1xb128-200e_cifar100.py'
HOOKS = {'ExactResumeHook', 'NonFiniteHook', 'SignalHook', 'CorruptImageHook'}


@pytest.mark.parametrize('kind', ['', '-stock'])
def test_the_same_work_with_hooks_and_without(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Batches that are made as a whole, and sample by sample."""
    make_cifar(tmp_path / 'data', 'folders', CLASSES, train_images=1)
    hooks: list[set[str]] = []
    steps: list[bool] = []

    def build(cfg: Config) -> Runner:
        runner = build_runner(cfg)
        hooks.append({type(hook).__name__ for hook in runner.hooks})
        return runner

    def step(loop: SteppedLoop) -> None:
        names = {type(hook).__name__ for hook in loop.runner.hooks}
        steps.append(names >= HOOKS)
        take_step(loop)

    build_runner, take_step = safety.build_runner, SteppedLoop.step
    monkeypatch.setattr(safety, 'build_runner', build)
    monkeypatch.setattr(SteppedLoop, 'step', step)
    cost = measure_safety_cost(
        CONFIG.with_stem(CONFIG.stem + kind),
        tmp_path / 'work',
        pairs=3,
        options={
            'train_dataloader.dataset.data_root': str(tmp_path / 'data'),
            'train_dataloader.batch_size': 8,
        },
    )
    assert [HOOKS & names for names in hooks] == [set(), HOOKS]
    assert all('SafeCheckpointHook' not in names for names in hooks)
    assert steps == [False, True, True, False] * 2 + [False, True]
    assert len(cost.plain) == len(cost.guarded) == 3
    assert min(cost.plain + cost.guarded) > 0
    assert not list(tmp_path.rglob('*.pth'))


def test_other_work_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_cifar(tmp_path / 'data', 'folders', CLASSES, train_images=1)
    monkeypatch.setattr(safety, 'UncountedResumeHook', lambda _: Hook())
    with pytest.raises(RuntimeError, match='not do the same work'):
        measure_safety_cost(
            CONFIG,
            tmp_path / 'work',
            pairs=1,
            options={
                'train_dataloader.dataset.data_root': str(tmp_path / 'data'),
                'train_dataloader.batch_size': 8,
            },
        )


def test_the_clock_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([10.0, 11, 14, 15, 15.5, 16, 17, 20])
    monkeypatch.setattr('time.process_time', lambda: next(times))
    clock = Clock()
    clock.restart()
    with clock.stopped():  # 11 to 14
        pass
    assert list(clock.stopped_walk(iter('a'))) == ['a']  # 0.5 and 1 left out
    assert clock.seconds() == 5.5


def test_share_is_the_median_of_the_pairs() -> None:
    cost = SafetyCost('c.py', [1.0, 2.0, 4.0], [1.01, 2.0, 4.2])
    assert cost.shares == pytest.approx([0.01, 0, 0.05])
    row = cost.row('python')
    assert (row['share'], row['low'], row['high']) == (
        '0.0100',
        '0.0000',
        '0.0500',
    )
    assert (row['pairs'], row['plain_ms']) == (3, '2000.0')


@pytest.mark.parametrize(
    ('pairs', 'first'), [(5, 1), (6, 1), (10, 2), (15, 4), (30, 10)]
)
def test_interval_of_the_median(pairs: int, first: int) -> None:
    """Rank of its lower end, as in published tables of the sign test."""
    guarded = [100.0 + number for number in range(1, pairs + 1)]
    low, high = SafetyCost('c.py', [100.0] * pairs, guarded).interval
    assert low == pytest.approx(first / 100)
    assert high == pytest.approx((pairs + 1 - first) / 100)


def test_a_config_without_the_hooks(tmp_path: Path) -> None:
    config = tmp_path / 'plain.py'
    config.write_text("default_hooks = dict(timer=dict(type='IterTimerHook'))")
    with pytest.raises(InputError, match='default_hooks has no exact_resume'):
        measure_safety_cost(config, tmp_path, 1)
    with pytest.raises(InputError, match='at least 1 pair'):
        measure_safety_cost(config, tmp_path, 0)
