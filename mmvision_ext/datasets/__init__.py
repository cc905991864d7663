"""Datasets of this package, registered in scope ``mmvision_ext``."""

from .apascal_attributes import APascalAttributes
from .batch_loading import TensorBatchSampler, keep_batch
from .caltech101 import Caltech101
from .cifar100 import CIFAR100
from .coco_attributes import COCOAttributes
from .coco_instance import CocoInstanceDataset
from .coconut_attributes import COCONutAttributes
from .image_folder_loading import LoadUprightImage
from .image_group_sampler import ImageGroupSampler
from .tensor_images import TensorImageDataset
from .voc_instance import VOCInstanceDataset

__all__ = [
    'APascalAttributes',
    'CIFAR100',
    'COCOAttributes',
    'COCONutAttributes',
    'Caltech101',
    'CocoInstanceDataset',
    'ImageGroupSampler',
    'LoadUprightImage',
    'TensorBatchSampler',
    'TensorImageDataset',
    'VOCInstanceDataset',
    'keep_batch',
]
