"""Datasets of this package, registered in scope ``mmvision_ext``."""

from .apascal_attributes import APascalAttributes
from .apascal_detection import APascalDetection
from .batch_loading import TensorBatchSampler, keep_batch
from .caltech101 import Caltech101
from .cifar100 import CIFAR100
from .coco_attributes import COCOAttributes
from .coco_attributes_detection import COCOAttributesDetection
from .coco_instance import CocoInstanceDataset
from .coconut_attributes import COCONutAttributes
from .dior import DIORDataset
from .image_folder_loading import LoadUprightImage
from .image_group_sampler import ImageGroupSampler
from .object_crops import ObjectCrops
from .tensor_images import TensorImageDataset
from .voc_instance import VOCInstanceDataset

__all__ = [
    'APascalAttributes',
    'APascalDetection',
    'CIFAR100',
    'COCOAttributes',
    'COCOAttributesDetection',
    'COCONutAttributes',
    'Caltech101',
    'CocoInstanceDataset',
    'DIORDataset',
    'ImageGroupSampler',
    'LoadUprightImage',
    'ObjectCrops',
    'TensorBatchSampler',
    'TensorImageDataset',
    'VOCInstanceDataset',
    'keep_batch',
]
