"""Losses of attributes: (N, A) logits, targets and an optional mask."""

from .alignment import ContrastiveAlignmentLoss, CosineAlignmentLoss
from .attribute_asymmetric import AttributeAsymmetricLoss
from .attribute_bce import AttributeBCELoss
from .attribute_focal import AttributeFocalLoss
from .class_balanced import ClassBalancedBCELoss
from .image_word_contrast import ImageWordContrastLoss
from .positive_reweighted import PositiveReweightedBCELoss

__all__ = [
    'AttributeAsymmetricLoss',
    'AttributeBCELoss',
    'AttributeFocalLoss',
    'ClassBalancedBCELoss',
    'ContrastiveAlignmentLoss',
    'CosineAlignmentLoss',
    'ImageWordContrastLoss',
    'PositiveReweightedBCELoss',
]
