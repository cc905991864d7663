"""The benchmark measures what it says; its times are not judged here."""

from pathlib import Path

import pytest
import torch

from mmvision_ext.engine.hook_cost.noise_training import BenchmarkSize
from mmvision_ext.engine.hook_cost.non_finite import measure_non_finite_cost
from mmvision_ext.utils import InputError


@pytest.mark.parametrize('name', ['image_size', 'batch_size', 'repeats'])
def test_nothing_to_measure(name: str) -> None:
    with pytest.raises(InputError, match=f'{name} to be at least 1, found 0'):
        BenchmarkSize(**{name: 0})


@pytest.mark.parametrize('policy', ['stop', 'skip'])
def test_every_second_step_is_watched(
    policy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    backbone = dict(type='ResNet', depth=18, stem_channels=4, base_channels=4)
    size = BenchmarkSize(32, 2, repeats=2)
    cost = measure_non_finite_cost(backbone, 32, policy, str(tmp_path), size)
    assert cost.plain > 0 and cost.watched > 0 and cost.own > 0
    row = cost.row(size, 'python')
    assert (row['policy'], row['pairs']) == (policy, 2)
    assert float(row['share']) == pytest.approx(cost.own / cost.plain, 0.01)
