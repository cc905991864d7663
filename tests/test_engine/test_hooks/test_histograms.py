"""Histograms against numpy's."""

import numpy as np
import pytest
import torch

from mmvision_ext.engine.hooks import histograms as module
from mmvision_ext.engine.hooks.histograms import histograms

NAN, INF = float('nan'), float('inf')


@pytest.mark.parametrize('dtype', [torch.float32, torch.float16])
@pytest.mark.parametrize('shape', [(), (1,), (50, 3), (4, 5, 6, 7)])
def test_equal_to_numpy(shape: tuple[int, ...], dtype: torch.dtype) -> None:
    generator = torch.Generator().manual_seed(1)
    tensors = [
        (torch.randn(shape, generator=generator) * size).to(dtype)
        for size in (1e-3, 1.0, 100.0)
    ]
    for tensor, found in zip(tensors, histograms(tensors, 16), strict=True):
        values = tensor.double().numpy()
        counts, edges = np.histogram(values, bins=16)
        assert found.counts == counts.tolist()
        assert found.edges == pytest.approx(edges, rel=1e-12, abs=1e-15)
        assert (found.low, found.high) == (values.min(), values.max())
        assert found.total == pytest.approx(values.sum(), rel=1e-4)
        assert found.squares == pytest.approx((values**2).sum(), rel=1e-5)
        assert (found.size, found.non_finite) == (values.size, 0)


def test_equal_values_have_a_bin() -> None:
    [found] = histograms([torch.full((7,), 2.0)], 4)
    assert found.counts == [0, 0, 7, 0]
    assert found.edges == [1.5, 1.75, 2.0, 2.25, 2.5]


def test_values_that_are_not_finite_are_counted_apart() -> None:
    mixed, none, whole = histograms(
        [
            torch.tensor([0.0, NAN, 1.0, -INF, 3.0]),
            torch.tensor([INF, NAN]),
            torch.tensor([1.0, 2.0]),
        ],
        3,
    )
    assert (mixed.non_finite, mixed.size) == (2, 5)
    assert mixed.counts == [1, 1, 1]
    assert (mixed.low, mixed.high, mixed.total) == (0, 3, 4)
    assert (none.non_finite, sum(none.counts), none.squares) == (2, 0, 0)
    assert (whole.non_finite, whole.counts) == (0, [1, 0, 1])


def test_values_are_scaled() -> None:
    [found] = histograms([torch.tensor([0.0, 64.0])], 2, scale=1 / 32)
    assert (found.low, found.high, found.total) == (0, 2, 2)


def test_large_tensors_are_counted_in_parts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, '_EXACT_COUNTS', 10)
    values = torch.arange(95.0)
    [found] = histograms([values], 5)
    assert found.counts == np.histogram(values.numpy(), 5)[0].tolist()


def test_nothing_gives_nothing() -> None:
    assert histograms([], 8) == []


def test_deterministic_mode_is_kept() -> None:
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        histograms([torch.ones(3)], 2)
        assert torch.are_deterministic_algorithms_enabled()
        assert torch.is_deterministic_algorithms_warn_only_enabled()
    finally:
        torch.use_deterministic_algorithms(False)
