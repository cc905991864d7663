"""Data elements that pass between the parts of a model."""

from .classification_batch import ClassificationBatch

__all__ = ['ClassificationBatch']
