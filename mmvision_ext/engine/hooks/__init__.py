"""Registered hooks."""

from .freeze_hook import FreezeHook
from .histogram_hook import HistogramHook
from .learning_rate_hook import LearningRateHook

__all__ = ['FreezeHook', 'HistogramHook', 'LearningRateHook']
