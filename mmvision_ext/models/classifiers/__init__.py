"""Registered classifiers."""

from .batch_classifier import BatchClassifier

__all__ = ['BatchClassifier']
