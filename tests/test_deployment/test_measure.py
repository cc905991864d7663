"""Sizes against counts by hand; latencies in turn."""

import gzip
from pathlib import Path

import pytest
import torch
from torch import nn

from mmvision_ext.deployment.measure import (
    file_sizes,
    measure_latency,
    measure_size,
    torch_threads,
)


def test_size_of_a_known_model() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(1200, 500, bias=False))
    full = measure_size(model, torch.ones(1, 3, 20, 20))
    assert full.params == full.nonzero == 600_000
    assert full.gflops == pytest.approx(6e-4)
    assert full.file_mib == pytest.approx(600_000 * 4 / 2**20, rel=0.01)
    with torch.no_grad():
        model[1].weight[:250] = 0
    half = measure_size(model, torch.ones(1, 3, 20, 20))
    assert (half.params, half.nonzero) == (600_000, 300_000)
    assert half.gflops == full.gflops and half.file_mib == full.file_mib
    assert half.gzip_mib == pytest.approx(full.gzip_mib / 2, rel=0.05)


def test_file_sizes(tmp_path: Path) -> None:
    content = bytes(3 * 2**20)
    (tmp_path / 'f').write_bytes(content)
    size, compressed = file_sizes(tmp_path / 'f')
    assert size == 3
    assert compressed == pytest.approx(len(gzip.compress(content)) / 2**20)


def test_calls_take_turns_after_warm_up() -> None:
    order: list[str] = []
    result = measure_latency(
        {name: lambda n=name: order.append(n) for name in 'ab'},
        rounds=3,
        warmup=2,
    )
    assert ''.join(order) == 'ab' * 5
    assert set(result) == {'a', 'b'}
    assert 0 <= result['a'].lower <= result['a'].median <= result['a'].upper


def test_quartiles_lie_between_the_calls() -> None:
    result = measure_latency({'a': lambda: None}, rounds=2, warmup=0)['a']
    assert 0 <= result.lower <= result.median <= result.upper


def test_threads_are_put_back() -> None:
    before = torch.get_num_threads()
    with torch_threads(before + 1):
        assert torch.get_num_threads() == before + 1
    assert torch.get_num_threads() == before
