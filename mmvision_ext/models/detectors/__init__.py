"""Detectors."""

from .context_guided_rcnn import ContextGuidedRCNN

__all__ = ['ContextGuidedRCNN']
