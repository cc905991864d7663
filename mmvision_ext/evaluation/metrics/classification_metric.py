"""Top-k and mean per-class accuracy, with the protocol beside them."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log
from numpy.typing import NDArray

from mmvision_ext.registry import METRICS
from mmvision_ext.utils import InputError

from ..functional.classification import (
    label_ranks,
    per_class_accuracy,
    top_k_accuracy,
)
from .batch_results import RankedBatch, is_batch, join_batches, rank_batch


class RankedImages(NamedTuple):
    """What accuracies need of N images.

    Attributes:
        ranks: Rank of the true class from 0, shape (N,).
        labels: Index of the true class, shape (N,).
        finite: Whether all scores are numbers, shape (N,).
        num_classes: Number of classes that the model scores.
    """

    ranks: NDArray[np.int64]
    labels: NDArray[np.int64]
    finite: NDArray[np.bool_]
    num_classes: int


@METRICS.register_module()
class ClassificationMetric(BaseMetric):
    """Accuracy of a classifier with one label an image.

    Result keys, in per cent, under the prefix ``accuracy``: ``top<k>`` for
    each k, and ``mean_class``, the mean of the top-1 accuracies of the classes
    that occur. One line of the log states them with the level of chance and
    with ``dataset_meta['protocol']``.

    Results of a :class:`~mmvision_ext.structures.ClassificationBatch` stay on
    its device until the end. Of images that a distributed sampler gives to
    several processes one counts.

    Args:
        topk: Numbers of guesses.
        collect_device: Where results of several processes meet, 'cpu' or
            'gpu'.
        prefix: Replaces the default prefix of the result keys.

    Raises:
        InputError: If ``topk`` is empty or not positive.
    """

    default_prefix = 'accuracy'

    def __init__(
        self,
        topk: int | Sequence[int] = (1, 5),
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.topk = (topk,) if isinstance(topk, int) else tuple(topk)
        if not self.topk or min(self.topk) < 1:
            raise InputError(
                f'topk: expected one or more positive numbers, found {topk}'
            )

    def process(
        self, data_batch: Any, data_samples: Sequence[dict[str, Any]]
    ) -> None:
        """Append what counts of each image or batch to ``self.results``.

        Args:
            data_batch: Not used.
            data_samples: As dicts, data samples with ``pred_score``, shape
                (C,), and ``gt_label``, shape (1,); or batches with (B, C),
                (B,) and ``sample_idx``, (B,).

        Raises:
            InputError: If one of them is missing.
        """
        self.results.extend(
            rank_batch(item) if is_batch(item) else _scores_and_label(item)
            for item in data_samples
        )

    def evaluate(self, size: int) -> dict[str, float]:
        """Bring batches to the host, then evaluate as mmengine does.

        Args:
            size: Number of images of the dataset.

        Returns:
            The results of all processes, with prefix.
        """
        if self.results and isinstance(self.results[0], RankedBatch):
            self.results[:] = [join_batches(self.results)]
        return super().evaluate(size)

    def compute_metrics(
        self,
        results: list[tuple[NDArray[np.float32], int]] | list[RankedBatch],
    ) -> dict[str, float]:
        """Evaluate the images of all processes and log one line.

        Args:
            results: Scores (C,) and label of each image, or one batch of
                each process.

        Returns:
            ``top<k>`` and ``mean_class`` in per cent, without prefix; nan
            without images.

        Raises:
            InputError: If labels, scores and class names do not agree.
        """
        if not results:
            self._log('no images, so accuracy is undefined', logging.WARNING)
            keys = [f'top{k}' for k in self.topk] + ['mean_class']
            return dict.fromkeys(keys, float('nan'))
        ranks, labels, finite, num_classes = self._ranked(results)
        of_class = per_class_accuracy(ranks, labels, num_classes)
        metrics = {
            f'top{k}': 100 * top_k_accuracy(ranks, k, num_classes)
            for k in self.topk
        }
        metrics['mean_class'] = 100 * float(np.nanmean(of_class))
        self._report(metrics, len(labels), of_class)
        broken = int((~finite).sum())
        if broken:
            self._log(
                f'the scores of {broken} of {len(labels)} images are nan or '
                'infinite: they count as wrong. Has the training diverged?',
                logging.WARNING,
            )
        return metrics

    def _ranked(self, results: list[Any]) -> RankedImages:
        """Ranks of the true classes, whatever the form of the results.

        Raises:
            InputError: If labels, scores and class names do not agree.
        """
        if isinstance(results[0], RankedBatch):
            batch = join_batches(results)
            ranks, labels, _, finite = batch.columns.numpy()
            self._check(labels, batch.num_classes)
            return RankedImages(
                ranks, labels, finite.astype(bool), batch.num_classes
            )
        scores = np.stack([score for score, _ in results])
        labels = np.array([label for _, label in results], np.int64)
        self._check(labels, scores.shape[1])
        return RankedImages(
            label_ranks(scores, labels),
            labels,
            np.isfinite(scores).all(axis=1),
            scores.shape[1],
        )

    def _check(self, labels: NDArray[np.int64], num_classes: int) -> None:
        """Compare scores, labels and class names.

        Raises:
            InputError: If they do not agree.
        """
        names = (self.dataset_meta or {}).get('classes')
        if names and len(names) != num_classes:
            raise InputError(
                f'The model scores {num_classes} classes, but the data set '
                f'has {len(names)}: set model.head.num_classes={len(names)}.'
            )
        wrong = labels[(labels < 0) | (labels >= num_classes)]
        if wrong.size:
            raise InputError(
                f'The ground truth has class index {wrong[0]}, but the model '
                f'scores the {num_classes} classes 0 to {num_classes - 1}: '
                'set model.head.num_classes to the number of classes.'
            )

    def _report(
        self,
        metrics: Mapping[str, float],
        num_images: int,
        of_class: NDArray[np.float64],
    ) -> None:
        """Log the results with their chance level and protocol."""
        num_classes = len(of_class)
        parts = [
            f'top-{k} {metrics[f"top{k}"]:.2f} % (chance '
            f'{100 * k / num_classes:.2f} %)'
            for k in self.topk
        ]
        parts.append(
            f'mean per-class {metrics["mean_class"]:.2f} % (chance '
            f'{100 / num_classes:.2f} %)'
        )
        occurring = int(np.isfinite(of_class).sum())
        of_all = '' if occurring == num_classes else f' of {num_classes}'
        protocol = (self.dataset_meta or {}).get('protocol', 'not stated')
        self._log(
            f'{", ".join(parts)}; {num_images} images of {occurring}{of_all} '
            f'classes; protocol: {protocol}',
            logging.INFO,
        )

    def _log(self, text: str, level: int) -> None:
        print_log(
            f'{type(self).__name__}: {text}', logger='current', level=level
        )


def _scores_and_label(
    sample: Mapping[str, Any],
) -> tuple[NDArray[np.float32], int]:
    """Scores (C,) and the one label of a data sample."""
    name = sample.get('img_path', 'an image')
    for key, cause in (
        ('pred_score', 'the head gives no scores'),
        ('gt_label', 'the test pipeline packs no label'),
    ):
        if sample.get(key) is None:
            raise InputError(f'{name}: expected {key}, found none: {cause}.')
    label = sample['gt_label']
    if label.numel() != 1:
        raise InputError(
            f'{name}: expected one label, found {label.numel()}. '
            'ClassificationMetric is for one class an image; use '
            'mmpretrain.MultiLabelMetric.'
        )
    return sample['pred_score'].float().cpu().numpy(), int(label)
