"""Histograms of many tensors with two transfers from their device."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch

# A float32 counter, as torch.histc has, is exact up to here.
_EXACT_COUNTS = 2**24


@dataclass
class Histogram:
    """Equal-width histogram of the finite values of a tensor.

    Attributes:
        low: Smallest value; 0 where none is finite.
        high: Largest value; 0 where none is finite.
        total: Sum of the values.
        squares: Sum of their squares.
        edges: The bins' edges, one more than there are bins.
        counts: Values in each bin; the last one includes its upper edge.
        size: Number of values of the tensor, finite or not.
        non_finite: Number of values that are infinite or NaN.
    """

    low: float
    high: float
    total: float
    squares: float
    edges: list[float]
    counts: list[int]
    size: int
    non_finite: int


@torch.no_grad()
def histograms(
    tensors: Sequence[torch.Tensor], bins: int, scale: float = 1.0
) -> list[Histogram]:
    """Count the values of every tensor in bins between its extremes.

    As ``numpy.histogram`` does, except that a value within float32 rounding
    of an edge may fall on the other side of it.

    Args:
        tensors: Real tensors of any shape, on one device.
        bins: Number of bins.
        scale: Every value is multiplied by it.

    Returns:
        One for each tensor.
    """
    if not tensors:
        return []
    flat = [tensor.detach().flatten().float() for tensor in tensors]
    if scale != 1:
        flat = [values * scale for values in flat]
    sizes = [len(values) for values in flat]
    bounds = _bounds(flat)
    for index, (low, high) in enumerate(bounds):
        if not (math.isfinite(low) and math.isfinite(high)):
            flat[index] = flat[index][flat[index].isfinite()]
            [bounds[index]] = _bounds([flat[index]])
    with _adding_in_any_order():
        rows = [
            _row(values, bins, *_bin_range(low, high))
            for values, (low, high) in zip(flat, bounds, strict=True)
        ]
    return [
        Histogram(
            low=low,
            high=high,
            total=total,
            squares=norm**2,
            edges=_edges(bins, *_bin_range(low, high)),
            counts=[int(count) for count in counts],
            size=size,
            non_finite=size - len(values),
        )
        for (total, norm, *counts), (low, high), size, values in zip(
            torch.stack(rows).tolist(), bounds, sizes, flat, strict=True
        )
    ]


def _bounds(flat: Sequence[torch.Tensor]) -> list[tuple[float, float]]:
    """Smallest and largest value of each; 0 for none, NaN where one is."""
    pairs = [
        torch.stack(torch.aminmax(values))
        if len(values)
        else values.new_zeros(2)
        for values in flat
    ]
    return [(low, high) for low, high in torch.stack(pairs).tolist()]


def _bin_range(low: float, high: float) -> tuple[float, float]:
    """Where the bins begin and end: around equal values as numpy has it."""
    return (low, high) if low < high else (low - 0.5, high + 0.5)


def _edges(bins: int, first: float, last: float) -> list[float]:
    width = (last - first) / bins
    return [*(first + width * index for index in range(bins)), last]


def _row(
    values: torch.Tensor, bins: int, first: float, last: float
) -> torch.Tensor:
    """Sum, norm and counts, float64 of length ``bins + 2``."""
    counts = torch.stack(
        [
            torch.histc(part, bins, first, last).double()
            for part in values.split(_EXACT_COUNTS)
        ]
    ).sum(0)
    statistics = torch.stack([values.sum(), values.norm()]).double()
    return torch.cat([statistics, counts])


@contextmanager
def _adding_in_any_order() -> Iterator[None]:
    """Allow torch.histc on CUDA: the sum of ones has no rounding."""
    deterministic = torch.are_deterministic_algorithms_enabled()
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    torch.use_deterministic_algorithms(False)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(deterministic, warn_only=warn_only)
