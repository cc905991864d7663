"""The benchmark measures what it says; its times are not judged here."""

from pathlib import Path

import pytest
import torch

from mmvision_ext.engine.hooks.histogram_cost import BenchmarkSize
from mmvision_ext.engine.hooks.non_finite_cost import measure_non_finite_cost


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
