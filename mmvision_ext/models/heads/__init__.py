"""Heads that turn feature maps into class scores."""

from .alexnet_head import AlexNetHead
from .conv_gap_head import ConvGAPHead

__all__ = ['AlexNetHead', 'ConvGAPHead']
