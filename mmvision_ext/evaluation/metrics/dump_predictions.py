"""Predictions written to a file, one record an image."""

from collections.abc import Sequence
from typing import Any

from mmengine.evaluator import DumpResults

from mmvision_ext.registry import METRICS

from .batch_results import is_batch, split_batch


@METRICS.register_module()
class DumpPredictions(DumpResults):
    """mmengine's DumpResults that takes batches apart.

    Where a :class:`~mmvision_ext.structures.ClassificationBatch` is the
    prediction, DumpResults would write whole batches, and mmpretrain's metrics
    such as Accuracy expect one data sample an image; this class and
    :class:`~mmvision_ext.evaluation.metrics.ClassificationMetric` take both.

    Args:
        out_file_path: File to write, ``*.pkl``.
        collect_device: Where results of several processes meet, 'cpu' or
            'gpu'.
        collect_dir: Folder in which they meet, for 'cpu'.
    """

    def process(
        self, data_batch: Any, predictions: Sequence[dict[str, Any]]
    ) -> None:
        """Append a record of each image to ``self.results``.

        Args:
            data_batch: Not used.
            predictions: As dicts, data samples, which are kept as they are,
                or batches with ``pred_score`` (B, C).
        """
        samples: list[dict[str, Any]] = []
        for item in predictions:
            samples.extend(split_batch(item) if is_batch(item) else [item])
        super().process(data_batch, samples)
