"""Registered hooks."""

from .alternating_flip_hook import AlternatingFlipHook
from .attribute_statistics_hook import AttributeStatisticsHook
from .deferred_runtime_info_hook import DeferredRuntimeInfoHook
from .freeze_hook import FreezeHook
from .histogram_hook import HistogramHook
from .learning_rate_hook import LearningRateHook

__all__ = [
    'AlternatingFlipHook',
    'AttributeStatisticsHook',
    'DeferredRuntimeInfoHook',
    'FreezeHook',
    'HistogramHook',
    'LearningRateHook',
]
