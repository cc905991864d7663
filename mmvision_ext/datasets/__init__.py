"""Datasets of this package, registered in scope ``mmvision_ext``."""

from .coco_instance import CocoInstanceDataset
from .voc_instance import VOCInstanceDataset

__all__ = ['CocoInstanceDataset', 'VOCInstanceDataset']
