"""Registered model parts."""

from .averaged_model import ForeachExponentialMovingAverage
from .backbones import MSCAN, AlexNetFeatures, CifarResNet, LSKNet, ResNet9
from .classifiers import BatchClassifier, CrossModalAttributeClassifier
from .data_preprocessors import BatchDataPreprocessor
from .heads import (
    AlexNetHead,
    AttributeHead,
    ConvGAPHead,
    CrossModalAttributeHead,
)
from .layers import ECALayer, GhostModule
from .losses import (
    AttributeAsymmetricLoss,
    AttributeBCELoss,
    AttributeFocalLoss,
    ClassBalancedBCELoss,
    ContrastiveAlignmentLoss,
    CosineAlignmentLoss,
    PositiveReweightedBCELoss,
)

__all__ = [
    'AlexNetFeatures',
    'AlexNetHead',
    'AttributeAsymmetricLoss',
    'AttributeBCELoss',
    'AttributeFocalLoss',
    'AttributeHead',
    'BatchClassifier',
    'BatchDataPreprocessor',
    'CifarResNet',
    'ClassBalancedBCELoss',
    'ContrastiveAlignmentLoss',
    'ConvGAPHead',
    'CosineAlignmentLoss',
    'CrossModalAttributeClassifier',
    'CrossModalAttributeHead',
    'ECALayer',
    'ForeachExponentialMovingAverage',
    'GhostModule',
    'LSKNet',
    'MSCAN',
    'PositiveReweightedBCELoss',
    'ResNet9',
]
