"""Operations and memory of models."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from mmvision_ext.apis.model_cost import _peak_resident_mib, count_operations


class TinyDetector(nn.Module):
    """One convolution, 3 to 5 channels, 3 x 3, then a linear layer 5 to 7."""

    def __init__(self, traceable: bool) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 5, 3, padding=1, bias=False)
        self.head = nn.Linear(5, 7, bias=False)
        self.traceable = traceable

    def data_preprocessor(self, batch: Any, training: bool) -> Any:
        return {
            'inputs': torch.stack(batch['inputs']).float(),
            'data_samples': batch['data_samples'],
        }

    def forward(self, inputs: Tensor, data_samples: Any) -> Tensor:
        if not self.traceable and torch.jit.is_tracing():
            raise RuntimeError('cannot be traced')
        return self.head(self.conv(inputs).mean(dim=(2, 3)))

    def test_step(self, batch: Any) -> Tensor:
        return self(**self.data_preprocessor(batch, False))


@pytest.mark.parametrize(
    ('traceable', 'how'),
    [(True, 'traced as in mmdet'), (False, r'tracing failed \(RuntimeError')],
)
def test_multiply_adds_are_counted_either_way(
    traceable: bool, how: str
) -> None:
    model = TinyDetector(traceable).eval()
    batch = {
        'inputs': [torch.zeros(3, 20, 30, dtype=torch.uint8)],
        'data_samples': [None],
    }
    gflops, kind = count_operations(model, batch)
    expected = 20 * 30 * 3 * 5 * 9 + 5 * 7
    assert gflops * 1e9 == pytest.approx(expected, rel=0.03)
    assert how.split(r'\(')[0] in kind
    assert model.forward(torch.zeros(1, 3, 4, 4), None).shape == (1, 7)


@pytest.mark.skipif(
    not Path('/proc/self/statm').is_file(),
    reason='reads /proc, which this system does not have',
)
def test_peak_memory_is_at_least_what_is_resident_now() -> None:
    pages = int(Path('/proc/self/statm').read_text().split()[1])
    peak = _peak_resident_mib()
    assert peak is not None
    assert pages * 4096 / 2**20 <= peak + 1 < 2**20
