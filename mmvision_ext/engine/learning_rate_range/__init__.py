"""The learning rates at which a model learns: the range test."""

from .report import plot_range, write_range
from .search import RangeTest, find_range

__all__ = ['RangeTest', 'find_range', 'plot_range', 'write_range']
