"""Backbones beyond those of the hosts."""

from .alexnet import AlexNetFeatures

__all__ = ['AlexNetFeatures']
