"""Layers that several backbones are built of."""

from .eca import ECALayer
from .ghost import GhostModule
from .large_selective_kernel import LargeSelectiveKernel
from .multi_scale_attention import MultiScaleAttention

__all__ = [
    'ECALayer',
    'GhostModule',
    'LargeSelectiveKernel',
    'MultiScaleAttention',
]
