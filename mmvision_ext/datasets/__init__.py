"""Datasets of this package, registered in scope ``mmvision_ext``."""

from .caltech101 import Caltech101
from .coco_instance import CocoInstanceDataset
from .image_folder_loading import LoadUprightImage
from .voc_instance import VOCInstanceDataset

__all__ = [
    'Caltech101',
    'CocoInstanceDataset',
    'LoadUprightImage',
    'VOCInstanceDataset',
]
