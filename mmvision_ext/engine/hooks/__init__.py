"""Registered hooks."""

from .alternating_flip_hook import AlternatingFlipHook
from .freeze_hook import FreezeHook
from .histogram_hook import HistogramHook
from .learning_rate_hook import LearningRateHook

__all__ = [
    'AlternatingFlipHook',
    'FreezeHook',
    'HistogramHook',
    'LearningRateHook',
]
