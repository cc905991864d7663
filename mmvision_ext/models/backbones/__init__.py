"""Backbones beyond those of the hosts."""

from .adapted_layers import adapt_layers
from .alexnet import AlexNetFeatures
from .cifar_resnet import CifarResNet
from .lsknet import LSKNet
from .mscan import MSCAN
from .resnet9 import ResNet9

__all__ = [
    'AlexNetFeatures',
    'CifarResNet',
    'LSKNet',
    'MSCAN',
    'ResNet9',
    'adapt_layers',
]
