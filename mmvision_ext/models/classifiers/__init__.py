"""Registered classifiers."""

from .batch_classifier import BatchClassifier
from .cross_modal_attribute_classifier import CrossModalAttributeClassifier

__all__ = ['BatchClassifier', 'CrossModalAttributeClassifier']
