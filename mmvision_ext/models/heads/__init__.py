"""Heads that turn features into scores of classes or attributes."""

from .alexnet_head import AlexNetHead
from .attribute_head import AttributeHead
from .attribute_labels import known_vector
from .conv_gap_head import ConvGAPHead
from .cross_modal_attribute_head import CrossModalAttributeHead
from .text_attribute_head import TextAttributeHead
from .word_cls_head import WordClsHead

__all__ = [
    'AlexNetHead',
    'AttributeHead',
    'ConvGAPHead',
    'CrossModalAttributeHead',
    'TextAttributeHead',
    'WordClsHead',
    'known_vector',
]
