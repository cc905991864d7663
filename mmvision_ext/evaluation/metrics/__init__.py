"""Metrics that configs name by type."""

from .attribute_metric import AttributeMetric
from .classification_metric import ClassificationMetric
from .coco_instance_metric import CocoInstanceMetric
from .collector import image_record
from .detection_attribute_metric import DetectionAttributeMetric
from .dump_predictions import DumpPredictions
from .open_vocabulary_metric import OpenVocabularyMetric
from .retrieval_metric import RetrievalMetric
from .voc_instance_metric import VOCInstanceMetric
from .word_retrieval_metric import WordRetrievalMetric

__all__ = [
    'AttributeMetric',
    'ClassificationMetric',
    'CocoInstanceMetric',
    'DetectionAttributeMetric',
    'DumpPredictions',
    'OpenVocabularyMetric',
    'RetrievalMetric',
    'VOCInstanceMetric',
    'WordRetrievalMetric',
    'image_record',
]
