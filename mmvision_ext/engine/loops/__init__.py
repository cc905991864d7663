"""Registered training loops."""

from .deferred_log import DeferredLogTrainLoop

__all__ = ['DeferredLogTrainLoop']
