"""Transforms of this package; the hosts' own serve VOC and COCO."""

from .batch_crop import BatchRandomCrop
from .batch_erase import BatchCutout, BatchRandomErasing
from .batch_flip import BatchRandomFlip
from .batch_mix import BatchCutMix, BatchMixup
from .batch_one_of import BatchOneOf
from .batch_rand_augment import BatchRandAugment
from .detection_attributes import LoadObjectAttributes, PackDetAttributes
from .object_crop import LoadObjectCrop
from .pack_attributes import PackAttributes
from .random_rotate90 import RandomRotate90
from .reveal_attributes import RevealAttributes

__all__ = [
    'BatchCutMix',
    'BatchCutout',
    'BatchMixup',
    'BatchOneOf',
    'BatchRandAugment',
    'BatchRandomCrop',
    'BatchRandomErasing',
    'BatchRandomFlip',
    'LoadObjectAttributes',
    'LoadObjectCrop',
    'PackAttributes',
    'PackDetAttributes',
    'RandomRotate90',
    'RevealAttributes',
]
