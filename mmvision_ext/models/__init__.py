"""Registered model parts."""

from .averaged_model import ForeachExponentialMovingAverage
from .backbones import MSCAN, AlexNetFeatures, CifarResNet, LSKNet, ResNet9
from .classifiers import BatchClassifier
from .data_preprocessors import BatchDataPreprocessor
from .heads import AlexNetHead, ConvGAPHead
from .layers import ECALayer, GhostModule

__all__ = [
    'AlexNetFeatures',
    'AlexNetHead',
    'BatchClassifier',
    'BatchDataPreprocessor',
    'CifarResNet',
    'ConvGAPHead',
    'ECALayer',
    'ForeachExponentialMovingAverage',
    'GhostModule',
    'LSKNet',
    'MSCAN',
    'ResNet9',
]
