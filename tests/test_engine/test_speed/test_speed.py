"""The benchmark of training: its configs, contenders and tables."""

import csv
import dataclasses
import importlib.util
import sys
from pathlib import Path

import pytest
import torch
from rich.console import Console

from mmvision_ext.engine.speed import (
    PARTS,
    SpeedRow,
    append_speeds,
    contenders,
    measure_speed,
    speed_table,
)
from mmvision_ext.engine.speed.configs import speed_config
from mmvision_ext.testing.small_cifar import make_cifar
from mmvision_ext.utils import InputError

LEAF = """
_base_ = [
    '../_base_/datasets/cifar100.py',
    '{schedules}/sgd_cifar_200e.py',
    '{runtime}',
]
model = dict(
    type='mmvision_ext.BatchClassifier',
    backbone=dict(
        type='ResNet_CIFAR', depth=18, stem_channels=4, base_channels=4
    ),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(type='LinearClsHead', num_classes=100, in_channels=32),
)
"""
ROW = SpeedRow(
    model='resnet20',
    way='ours',
    precision='float32',
    compiled='',
    images_per_second=1234.56,
    lowest=1000.0,
    highest=2000.0,
    times_stock=2.5,
    times_bare=None,
    batch_size=128,
    iterations=20,
    repeats=5,
    workers=0,
    threads=1,
    hardware='a CPU',
    torch_version='2.0',
    config='configs/cifar100/resnet20_1xb128-200e_cifar100.py',
    commit='abc',
    command='',
)


@pytest.fixture
def leaf(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A config of a narrow network, beside copies of the data's bases."""
    monkeypatch.setattr('torch.cuda.is_available', lambda: False)
    bases = repository / 'configs' / '_base_'
    monkeypatch.setenv('MMVISION_DATA_ROOT', str(tmp_path / 'data'))
    names = tuple(f'class {index:03d}' for index in range(100))
    make_cifar(tmp_path / 'data' / 'cifar100', 'stacks', names, 1, 1)
    copies = tmp_path / 'configs' / '_base_' / 'datasets'
    copies.mkdir(parents=True)
    metainfo = f'metainfo=dict(classes={names!r}),\n        split='
    for name in ('cifar100.py', 'cifar100_stock.py'):
        text = (bases / 'datasets' / name).read_text()
        (copies / name).write_text(text.replace('split=', metainfo))
    path = tmp_path / 'configs' / 'cifar100' / 'narrow_1xb8_cifar100.py'
    path.parent.mkdir()
    path.write_text(
        LEAF.format(
            schedules=bases / 'schedules',
            runtime=bases / 'default_runtime_cifar.py',
        )
    )
    return path


@pytest.fixture
def ticks(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that goes on by one second each time it is read."""
    times = [0.0]

    def read() -> float:
        times.append(times[-1] + 1)
        return times[-1]

    monkeypatch.setattr(contenders, 'now', read)
    monkeypatch.setattr('mmvision_ext.engine.speed.breakdown.now', read)
    return times


def test_the_tool(
    leaf: Path,
    ticks: list[float],
    repository: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = repository / 'tools' / 'benchmarks' / 'cifar_training.py'
    spec = importlib.util.spec_from_file_location('cifar_training', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    out = tmp_path / 'new' / 'speed.csv'
    arguments = [str(leaf), '--out', str(out), '--profile', '--workers', '0']
    arguments += ['--iterations', '4', '--repeats', '2', '--batch-size', '8']
    monkeypatch.setattr(sys, 'argv', ['cifar_training.py', *arguments])
    monkeypatch.setenv('COLUMNS', '140')
    module.main()
    with out.open(newline='') as file:
        rows = list(csv.DictReader(file))
    assert [row['way'] for row in rows] == ['stock'] + ['ours', 'bare'] * 2
    # An image each of 100 classes: 12 batches of 8, 10 of which count.
    assert {row['iterations'] for row in rows} == {'12'}
    assert {row['images_per_second'] for row in rows} == {'80.0'}
    assert {row['times_stock'] for row in rows} == {'1.000'}
    assert rows[0]['command'].startswith('python cifar_training.py ')
    assert rows[0]['config'] == str(leaf)
    assert rows[0]['torch_version'] == torch.__version__
    assert all(rows[0][name] for name in ('threads', 'hardware', 'commit'))
    text = capsys.readouterr().out
    assert all(part in text for part in PARTS)
    assert 'x stock' in text


def test_what_the_stock_way_is(leaf: Path) -> None:
    config = speed_config(leaf, 'stock', 'float32', 5, 128, workers=3)
    assert config.model.type == 'ImageClassifier'
    assert config.data_preprocessor.type == 'ClsDataPreprocessor'
    assert config.default_hooks.runtime_info.type == 'RuntimeInfoHook'
    assert config.train_cfg.max_epochs == 0
    assert config.optim_wrapper.type == 'OptimWrapper'
    assert 'fused' not in config.optim_wrapper.optimizer
    loader = config.train_dataloader
    assert (loader.num_workers, loader.batch_size) == (3, 128)
    assert loader.dataset.images_per_class == 7
    assert loader.dataset.type == 'mmvision_ext.CIFAR100'
    with pytest.raises(InputError, match='expected float32 without torch'):
        speed_config(leaf, 'stock', 'mixed', 5, 128)


def test_what_ours_is(leaf: Path) -> None:
    config = speed_config(leaf, 'ours', 'mixed', 5, 64, 'reduce-overhead')
    assert config.model.type == 'mmvision_ext.BatchClassifier'
    assert config.model.compile == dict(mode='reduce-overhead')
    assert config.optim_wrapper.enabled
    assert config.train_dataloader.dataset.images_per_class == 4
    hook = config.default_hooks.runtime_info
    assert hook.type == 'mmvision_ext.DeferredRuntimeInfoHook'
    config = speed_config(leaf, 'ours', 'float32', 5, 64)
    assert 'compile' not in config.model and not config.optim_wrapper.enabled


def test_rows_are_appended(tmp_path: Path) -> None:
    path = tmp_path / 'speed.csv'
    append_speeds([ROW], path)
    append_speeds([dataclasses.replace(ROW, times_bare=1.1)], path)
    with path.open(newline='') as file:
        first, second = csv.DictReader(file)
    assert first['images_per_second'] == '1234.6'
    assert (first['times_bare'], second['times_bare']) == ('', '1.100')
    path.write_text('model,speed\n')
    with pytest.raises(InputError, match='found model, speed'):
        append_speeds([ROW], path)


def test_table() -> None:
    console = Console(width=120, record=True, file=open('/dev/null', 'w'))
    console.print(speed_table([ROW, dataclasses.replace(ROW, model='b')]))
    text = console.export_text()
    assert '1,235' in text and '1,000-2,000' in text and '2.50' in text
    assert f'{ROW.threads} thread(s)' in text


def test_too_few_iterations(leaf: Path, tmp_path: Path) -> None:
    from mmvision_ext.engine.speed import SpeedOptions

    with pytest.raises(InputError, match='at least 3 iterations'):
        measure_speed(leaf, SpeedOptions(iterations=2), tmp_path, '')
