"""Metrics that configs name by type."""

from .attribute_metric import AttributeMetric
from .classification_metric import ClassificationMetric
from .coco_instance_metric import CocoInstanceMetric
from .collector import image_record
from .dump_predictions import DumpPredictions
from .voc_instance_metric import VOCInstanceMetric

__all__ = [
    'AttributeMetric',
    'ClassificationMetric',
    'CocoInstanceMetric',
    'DumpPredictions',
    'VOCInstanceMetric',
    'image_record',
]
