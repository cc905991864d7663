"""The range test sees where a model learns and where it explodes."""

import csv
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.optim import OptimWrapper, OptimWrapperDict
from torch.optim import SGD

from mmvision_ext.datasets.cifar_files import CLASSES
from mmvision_ext.engine.learning_rate_range import (
    RangeTest,
    find_range,
    plot_range,
    search,
    write_range,
)
from mmvision_ext.testing.small_cifar import make_cifar
from mmvision_ext.utils import InputError


def _bowl() -> RangeTest:
    """A loss that falls between 1e-3 and 1e-1, and explodes above."""
    rates = np.geomspace(1e-6, 10, 200)
    falls = 2 / (1 + (rates / 1e-2) ** 2)
    return RangeTest(rates, 1 + falls + (rates / 3) ** 4, True)


def test_steepest_and_least() -> None:
    test = _bowl()
    smooth = test.smoothed
    assert len(smooth) == 200
    assert smooth[0] == pytest.approx(test.losses[0])
    # the moving average is late by about ten steps of 8 %
    assert 1e-2 <= test.steepest <= 4e-2
    assert 0.1 < test.least < 3


def test_smoothing_by_hand() -> None:
    test = RangeTest(
        np.array([1e-3, 1e-2, 1e-1]), np.array([2, 1, 4.0]), False
    )
    average = [0.1 * 2, 0.9 * 0.2 + 0.1, 0.9 * (0.9 * 0.2 + 0.1) + 0.4]
    weights = [0.1, 1 - 0.81, 1 - 0.729]
    expected = np.divide(average, weights)
    np.testing.assert_allclose(test.smoothed, expected)


def test_a_loss_that_explodes_ends_the_test() -> None:
    hook = search._RisingRate(40, 1e-6, 10)
    for step in range(12):
        hook.after_train_iter(None, step, outputs=dict(loss=1.0))
    hook.after_train_iter(None, 12, outputs=dict(loss=20.0))  # smoothed: 3.5
    assert not hook.diverged
    with pytest.raises(search._Diverged):
        hook.after_train_iter(None, 13, outputs=dict(loss=20.0))
    assert hook.diverged and len(hook.losses) == 14


@pytest.fixture
def config(tmp_path: Path, repository: Path) -> Config:
    """A tiny ResNet on a few small images."""
    make_cifar(tmp_path / 'cifar', 'folders', CLASSES, train_images=1)
    path = 'configs/cifar100/resnet20_1xb128-200e_cifar100.py'
    config = Config.fromfile(repository / path)
    config.model.backbone.base_channels = 4
    config.model.head.in_channels = 16
    config.train_dataloader.dataset.data_root = str(tmp_path / 'cifar')
    config.train_dataloader.batch_size = 20
    return config


def test_of_a_config(config: Config, tmp_path: Path) -> None:
    test = find_range(config, tmp_path / 'log', 30, 1e-4, 1e5)
    assert test.diverged and 10 <= len(test.rates) < 30
    np.testing.assert_allclose(
        test.rates, np.geomspace(1e-4, 1e5, 30)[: len(test.rates)]
    )
    assert test.losses[0] == pytest.approx(np.log(100), rel=0.2)
    assert not list(tmp_path.rglob('*.pth'))
    table = write_range(test, tmp_path / 'out' / 'range.csv')
    with table.open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(test.rates)
    assert float(rows[-1]['loss']) == pytest.approx(test.losses[-1], rel=1e-4)
    assert plot_range(test, tmp_path / 'out' / 'range.png').stat().st_size


def test_parts_keep_their_ratio(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mmvision_ext.engine.learning_rate_range import search

    seen: list[list[float]] = []
    noted = search._RisingRate.after_train_iter

    def note(self, runner, *args, **kwargs) -> None:
        groups = runner.optim_wrapper.param_groups
        seen.append(sorted({group['lr'] for group in groups}))
        noted(self, runner, *args, **kwargs)

    monkeypatch.setattr(search._RisingRate, 'after_train_iter', note)
    config.optim_wrapper.paramwise_cfg = dict(
        custom_keys=dict(head=dict(lr_mult=10.0))
    )
    test = find_range(config, tmp_path / 'log', 10, 1e-6, 1e-4)
    rates = np.geomspace(1e-6, 1e-4, 10)
    np.testing.assert_allclose(test.rates, rates)
    np.testing.assert_allclose(seen, np.stack([rates, 10 * rates], 1))


def test_several_optimizers_are_refused() -> None:
    wrappers = OptimWrapperDict(
        one=OptimWrapper(SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1))
    )
    runner = SimpleNamespace(optim_wrapper=wrappers)
    with pytest.raises(InputError, match='a single optimizer'):
        search._RisingRate(20, 1e-6, 1).before_train(runner)


@pytest.mark.parametrize(
    ('steps', 'lowest', 'highest'), [(5, 1e-6, 1), (20, 1, 1), (20, 0, 1)]
)
def test_nonsense(steps: int, lowest: float, highest: float) -> None:
    with pytest.raises(InputError, match='0 < lowest < highest'):
        find_range(Config(), Path(), steps, lowest, highest)
