"""Timed trainings of the speed recipe, small, on generated images."""

import csv
import runpy
import sys
from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from mmvision_ext.engine import time_to_accuracy
from mmvision_ext.engine.time_to_accuracy import (
    Trial,
    describe,
    time_trials,
    write_trials,
)
from mmvision_ext.testing.small_cifar import make_cifar
from mmvision_ext.utils import InputError
from mmvision_ext.utils.config.read import read_config

CLASSES = ('apple', 'bear', 'whale')
RECIPE = 'projects/cifar100_speedrun/configs/resnet9_1xb512-30e_cifar100.py'


@pytest.fixture
def config(repository: Path, tmp_path: Path) -> Config:
    """The recipe with a tiny network, three classes and two epochs."""
    make_cifar(tmp_path / 'data', 'pickles', CLASSES)
    config = read_config(repository / RECIPE)
    config.model.compile = None
    config.model.backbone.base_channels = 4
    config.model.head.update(in_channels=32, num_classes=3)
    config.train_cfg.max_epochs = 2
    config.train_dataloader.batch_size = 6
    for loader in (config.train_dataloader, config.test_dataloader):
        loader.dataset.data_root = str(tmp_path / 'data')
        loader.dataset.metainfo = dict(classes=CLASSES)
    config.test_evaluator[0].topk = (1,)
    return config


def _trials(config: Config, tmp_path: Path, seeds=(3, 4, 3)) -> list[Trial]:
    return list(
        time_trials(
            config, seeds, 'accuracy/top1', tmp_path / 'work', 'a command'
        )
    )


def test_trials_start_anew_and_share_one_model(
    config: Config, tmp_path: Path, monkeypatch
) -> None:
    models, weights = [], []
    train = time_to_accuracy._train

    def watch(runner) -> float:
        models.append(id(runner.model))
        first = next(runner.model.parameters())
        weights.append(first.detach().clone())
        return train(runner)

    monkeypatch.setattr(time_to_accuracy, '_train', watch)
    trials = _trials(config, tmp_path)
    # The first training warms up and is not counted.
    assert len(models) == 4 and len({*models}) == 1
    assert [trial.seed for trial in trials] == [3, 4, 3]
    assert torch.equal(weights[1], weights[3])
    assert not torch.equal(weights[1], weights[2])
    assert trials[0].accuracy == trials[2].accuracy
    for trial in trials:
        assert trial.epochs == 2 and trial.command == 'a command'
        assert '6 training images a class' in trial.protocol
        assert min(trial.prepare_seconds, trial.train_seconds) > 0
        assert trial.seconds == trial.prepare_seconds + trial.train_seconds
    assert not list((tmp_path / 'work').rglob('*.pth'))


def test_a_metric_that_the_test_does_not_have(config, tmp_path) -> None:
    trials = time_trials(config, [0], 'accuracy/top_1', tmp_path, '')
    with pytest.raises(InputError, match="did you mean 'accuracy/top1'"):
        next(trials)


def _trial(seed: int, accuracy: float, seconds: float) -> Trial:
    return Trial(
        seed, accuracy, 0.5, seconds, 9.0, 30, 'all', 'a GPU', '2', 'c', 'p'
    )


def test_the_mean_decides(tmp_path: Path) -> None:
    trials = [_trial(0, 74.0, 3.0), _trial(1, 76.0, 5.0)]
    text, reached = describe(trials, 75.0)
    assert reached and 'a mean of 75 %, is reached' in text
    assert '75.00 ± 1.41 %' in text and '4.500 ± 1.414 s' in text
    assert not describe(trials, 75.01)[1]
    assert '±' not in describe(trials[:1], 75)[0]
    write_trials(trials, tmp_path / 'a' / 'b.csv')
    with (tmp_path / 'a' / 'b.csv').open(newline='') as file:
        rows = list(csv.DictReader(file))
    assert [row['train_seconds'] for row in rows] == ['3.0', '5.0']


@pytest.mark.parametrize(
    ('arguments', 'status', 'message'),
    [
        (['--help'], 0, 'Example:'),
        (['none.py'], 2, 'expected a file, found none'),
        ([RECIPE, '--runs', '0'], 2, '--runs: expected at least 1'),
    ],
)
def test_the_tool(
    arguments: list[str],
    status: int,
    message: str,
    repository: Path,
    monkeypatch,
    capsys,
) -> None:
    monkeypatch.chdir(repository)
    tool = 'tools/benchmarks/time_to_accuracy.py'
    monkeypatch.setattr(sys, 'argv', [tool, *arguments])
    with pytest.raises(SystemExit) as stop:
        runpy.run_path(tool, run_name='__main__')
    assert stop.value.code == status
    output = capsys.readouterr()
    assert message in output.out + output.err
