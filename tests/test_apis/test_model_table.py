"""Parameters and operations against numbers counted by hand."""

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from mmengine.config import Config

from mmvision_ext.apis.model_table import (
    ModelRow,
    describe_model,
    format_rows,
)
from mmvision_ext.utils import InputError

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'
RESNET18 = CONFIGS / 'cifar100' / 'resnet18_1xb128-200e_cifar100.py'


def _stage(size: int, inputs: int, outputs: int) -> int:
    """Multiply-adds of two basic blocks that begin with a 1x1 shortcut."""
    first = 9 * inputs * outputs + inputs * outputs
    return size**2 * (first + 3 * 9 * outputs**2)


def test_resnet18_at_32_px() -> None:
    row = describe_model(RESNET18)
    assert row.name == RESNET18.stem and row.input_size == 32
    # torchvision's without its classifier and with a 3x3 stem, 100 classes
    params = 11_689_512 - 513_000 + (9 - 49) * 3 * 64 + 513 * 100
    assert row.params == params == 11_220_132
    assert row.multiply_adds == (
        32**2 * (27 * 64 + 4 * 9 * 64**2)
        + _stage(16, 64, 128)
        + _stage(8, 128, 256)
        + _stage(4, 256, 512)
        + 512 * 100
    )


@pytest.mark.parametrize(
    ('change', 'size'),
    [
        ({'data_preprocessor.size': 64}, 64),
        ({'test_dataloader.dataset.pipeline': [dict(crop_size=48)]}, 48),
        ({'test_dataloader.dataset.pipeline': [dict(scale=(64, 64))]}, 64),
    ],
)
def test_size_comes_from_the_config(change: dict[str, Any], size: int) -> None:
    config = Config.fromfile(RESNET18)
    config.merge_from_dict(change)
    assert describe_model(config).input_size == size
    assert describe_model(config, 16).input_size == 16


def test_missing_size_is_said() -> None:
    config = Config.fromfile(RESNET18)
    config.test_dataloader.dataset.pipeline = []
    with pytest.raises(InputError, match='give --size'):
        describe_model(config)


def test_size_that_a_network_cannot_take_is_said() -> None:
    config = CONFIGS / 'cifar100' / 'mlp-mixer-b16_1xb128-200e_cifar100.py'
    with pytest.raises(InputError, match='images of 48 px'):
        describe_model(config, 48)


def test_formats() -> None:
    rows = [ModelRow('a', 1_234_567, 98_765_432, 32)]
    assert format_rows(rows, 'markdown').splitlines()[-1].split() == (
        '| a | 1.23 | 99 | 32 |'.split()
    )
    [read] = csv.DictReader(io.StringIO(format_rows(rows, 'csv')))
    assert read == {
        'name': 'a',
        'params': '1234567',
        'multiply_adds': '98765432',
        'input_size': '32',
    }
