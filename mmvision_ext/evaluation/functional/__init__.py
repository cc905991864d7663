"""Evaluation mathematics as pure functions."""

from .coco_ap import COCOResult, coco_average_precision
from .detection_confusion import (
    DetectionError,
    ErrorType,
    detection_confusion_matrix,
    detection_errors,
)
from .overlaps import box_iou, mask_areas, mask_iou, record_iou
from .records import Detections, GroundTruth, ImageRecord, Kind, Rle
from .voc_ap import VOCResult, average_precision, voc_average_precision

__all__ = [
    'COCOResult',
    'DetectionError',
    'Detections',
    'ErrorType',
    'GroundTruth',
    'ImageRecord',
    'Kind',
    'Rle',
    'VOCResult',
    'average_precision',
    'box_iou',
    'coco_average_precision',
    'detection_confusion_matrix',
    'detection_errors',
    'mask_areas',
    'mask_iou',
    'record_iou',
    'voc_average_precision',
]
