"""Registered hooks."""

from .alternating_flip_hook import AlternatingFlipHook
from .attribute_names_hook import AttributeNamesHook
from .attribute_statistics_hook import AttributeStatisticsHook
from .channels_last_hook import ChannelsLastHook
from .corrupt_image_hook import CorruptImageHook
from .deferred_runtime_info_hook import DeferredRuntimeInfoHook
from .exact_resume_hook import ExactResumeHook
from .freeze_hook import FreezeHook
from .histogram_hook import HistogramHook
from .inference_report_hook import InferenceReportHook
from .learning_rate_hook import LearningRateHook
from .non_finite_hook import NonFiniteHook
from .safe_checkpoint_hook import SafeCheckpointHook
from .signal_hook import SignalHook
from .training_report_hook import TrainingReportHook
from .vocabulary_hook import VocabularyHook

__all__ = [
    'AlternatingFlipHook',
    'AttributeNamesHook',
    'AttributeStatisticsHook',
    'ChannelsLastHook',
    'CorruptImageHook',
    'DeferredRuntimeInfoHook',
    'ExactResumeHook',
    'FreezeHook',
    'HistogramHook',
    'InferenceReportHook',
    'LearningRateHook',
    'NonFiniteHook',
    'SafeCheckpointHook',
    'SignalHook',
    'TrainingReportHook',
    'VocabularyHook',
]
