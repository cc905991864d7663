"""Registered model parts."""

from .averaged_model import ForeachExponentialMovingAverage
from .backbones import (
    MSCAN,
    AlexNetFeatures,
    CifarResNet,
    CLIPResNet,
    LSKNet,
    OpenCLIPImageTower,
    ResNet9,
)
from .classifiers import BatchClassifier, CrossModalAttributeClassifier
from .data_preprocessors import BatchDataPreprocessor
from .detectors import ContextGuidedRCNN
from .heads import (
    AlexNetHead,
    AttributeHead,
    ConvGAPHead,
    CrossModalAttributeHead,
    TextAttributeHead,
    WordClsHead,
)
from .layers import ECALayer, GhostModule
from .losses import (
    AttributeAsymmetricLoss,
    AttributeBCELoss,
    AttributeFocalLoss,
    ClassBalancedBCELoss,
    ContrastiveAlignmentLoss,
    CosineAlignmentLoss,
    ImageWordContrastLoss,
    PositiveReweightedBCELoss,
)
from .roi_heads import (
    AttributeBranch,
    AttributeRoIHead,
    ContextGuidedRoIHead,
    GlobalContext,
    RegionDistillation,
    WordBBoxHead,
)
from .text import OpenCLIPTextEncoder, SentenceTextEncoder

__all__ = [
    'AlexNetFeatures',
    'AlexNetHead',
    'AttributeAsymmetricLoss',
    'AttributeBCELoss',
    'AttributeBranch',
    'AttributeFocalLoss',
    'AttributeHead',
    'AttributeRoIHead',
    'BatchClassifier',
    'BatchDataPreprocessor',
    'CLIPResNet',
    'CifarResNet',
    'ClassBalancedBCELoss',
    'ContextGuidedRCNN',
    'ContextGuidedRoIHead',
    'ContrastiveAlignmentLoss',
    'ConvGAPHead',
    'CosineAlignmentLoss',
    'CrossModalAttributeClassifier',
    'CrossModalAttributeHead',
    'ECALayer',
    'ForeachExponentialMovingAverage',
    'GhostModule',
    'GlobalContext',
    'ImageWordContrastLoss',
    'LSKNet',
    'MSCAN',
    'OpenCLIPImageTower',
    'OpenCLIPTextEncoder',
    'PositiveReweightedBCELoss',
    'RegionDistillation',
    'ResNet9',
    'SentenceTextEncoder',
    'TextAttributeHead',
    'WordBBoxHead',
    'WordClsHead',
]
