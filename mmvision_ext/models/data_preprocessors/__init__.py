"""Registered data preprocessors."""

from .batch import BatchDataPreprocessor

__all__ = ['BatchDataPreprocessor']
