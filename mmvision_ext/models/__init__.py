"""Registered model parts."""

from .backbones import AlexNetFeatures
from .heads import AlexNetHead, ConvGAPHead

__all__ = ['AlexNetFeatures', 'AlexNetHead', 'ConvGAPHead']
