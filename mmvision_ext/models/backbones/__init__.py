"""Backbones beyond those of the hosts."""

from .adapted_layers import adapt_layers
from .alexnet import AlexNetFeatures
from .cifar_resnet import CifarResNet
from .clip_resnet import CLIPResNet
from .lsknet import LSKNet
from .mscan import MSCAN
from .open_clip_tower import OpenCLIPImageTower
from .resnet9 import ResNet9

__all__ = [
    'AlexNetFeatures',
    'CLIPResNet',
    'CifarResNet',
    'LSKNet',
    'MSCAN',
    'OpenCLIPImageTower',
    'ResNet9',
    'adapt_layers',
]
