"""What a script imports: detectors, classifiers, and what they find.

``init_detector`` and ``inference_detector`` are mmdet's own.
"""

from mmvision_ext.ops import require

require()  # says how to mend a missing mmcv._ext, before mmdet stumbles on it

from mmdet.apis import inference_detector, init_detector  # noqa: E402

from .attribute_inferencer import AttributeInferencer  # noqa: E402
from .attribute_results import AttributeResult, AttributeResults  # noqa: E402
from .classification import (  # noqa: E402
    DatasetClassification,
    classify_dataset,
)
from .classification_inferencer import ClassificationInferencer  # noqa: E402
from .classification_results import (  # noqa: E402
    ClassificationResult,
    ClassificationResults,
)
from .inferencer import DetectionInferencer  # noqa: E402
from .model import load_classifier, load_detector  # noqa: E402
from .open_vocab_inferencer import OpenVocabDetInferencer  # noqa: E402
from .predictions import DatasetPredictions, iter_dataset_predictions  # noqa: E402
from .results import DetectionResult, DetectionResults  # noqa: E402
from .retrieval import SearchResult, SearchResults  # noqa: E402
from .retrieval_inferencer import RetrievalInferencer  # noqa: E402
from .task import load_inferencer, task_of  # noqa: E402
from .videos import Video  # noqa: E402

__all__ = [
    'AttributeInferencer',
    'AttributeResult',
    'AttributeResults',
    'ClassificationInferencer',
    'ClassificationResult',
    'ClassificationResults',
    'DatasetClassification',
    'DatasetPredictions',
    'DetectionInferencer',
    'DetectionResult',
    'DetectionResults',
    'OpenVocabDetInferencer',
    'RetrievalInferencer',
    'SearchResult',
    'SearchResults',
    'Video',
    'classify_dataset',
    'inference_detector',
    'init_detector',
    'iter_dataset_predictions',
    'load_classifier',
    'load_detector',
    'load_inferencer',
    'task_of',
]
