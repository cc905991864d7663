"""Retrieval of attributes by image and of images by attribute."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log
from numpy.typing import NDArray

from mmvision_ext.registry import METRICS
from mmvision_ext.utils import InputError

from ..functional.retrieval import TOPK, Retrieval, measure_retrieval


@dataclass(frozen=True)
class ComparedSample:
    """An image and its A attributes.

    Attributes:
        similarity: Of the image to each attribute, shape (A,), float32.
        relevant: Whether the image has it, shape (A,), bool.
        known: Whether that is known, shape (A,), bool.
    """

    similarity: NDArray[np.float32]
    relevant: NDArray[np.bool_]
    known: NDArray[np.bool_]


@METRICS.register_module()
class RetrievalMetric(BaseMetric):
    """How well images find their attributes, and attributes their images.

    Result keys, under the prefix ``retrieval``, for the directions
    ``image_to_attribute`` and ``attribute_to_image``: ``<direction>_R@<k>``
    and ``<direction>_mAP`` in per cent, ``<direction>_median_rank``, each
    with the suffix ``_chance`` what a random order gives, and
    ``<direction>_num_queries`` and ``<direction>_num_left_out``; see
    :class:`~mmvision_ext.evaluation.functional.retrieval.Retrieval`.

    Entries whose ``gt_mask`` is False are taken out of the rankings. A
    similarity that is no number counts as wrong, with a warning.

    Args:
        similarity: Field of the data samples that says how well each
            attribute fits: ``'attribute_similarity'``, the cosine of two
            embeddings, of the cross-modal classifier, or ``'pred_score'`` of
            any model.
        topk: The k of Recall@k, from 1.
        collect_device: Where results of several processes meet, 'cpu' or
            'gpu'.
        prefix: Replaces the default prefix of the result keys.

    Raises:
        InputError: If ``topk`` is no sequence, or a k is less than 1.
    """

    default_prefix = 'retrieval'
    item = 'attribute'  # what images are compared with, in the result keys

    def __init__(
        self,
        similarity: str = 'attribute_similarity',
        topk: Sequence[int] = TOPK,
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        if isinstance(topk, int) or not topk or min(topk) < 1:
            raise InputError(
                'RetrievalMetric.topk: expected numbers from 1, such as '
                f'{TOPK}, found {topk}'
            )
        self.similarity = similarity
        self.topk = tuple(topk)

    def process(
        self, data_batch: Any, data_samples: Sequence[dict[str, Any]]
    ) -> None:
        """Append what counts of each sample to ``self.results``.

        Args:
            data_batch: Not used.
            data_samples: As dicts, data samples with the similarity and
                ``gt_score``, shape (A,), and, where not all is known,
                ``gt_mask``, bool (A,).

        Raises:
            InputError: If one is missing or has another shape.
        """
        for sample in data_samples:
            self.results.append(self._compared(sample))

    def compute_metrics(
        self, results: list[ComparedSample]
    ) -> dict[str, float]:
        """Evaluate the samples of all processes and log a line a direction.

        Args:
            results: One for each sample.

        Returns:
            The measures, without prefix; nan for those that are not defined.

        Raises:
            InputError: If there are no samples, or they do not have the same
                attributes.
        """
        sizes = {len(sample.similarity) for sample in results}
        if len(sizes) != 1:
            raise InputError(
                'RetrievalMetric: expected samples with one number of '
                f'attributes, found {len(results)} samples with '
                f'{" and ".join(map(str, sorted(sizes))) or "none"}'
            )
        similarity, relevant, known = (
            np.stack([getattr(sample, key) for sample in results])
            for key in ('similarity', 'relevant', 'known')
        )
        broken = np.isnan(similarity)
        if broken.any():
            similarity[broken] = np.where(relevant[broken], -np.inf, np.inf)
            self._log(
                f'{int(broken.any(axis=1).sum())} of {len(results)} samples '
                'have similarities that are nan: they count as wrong. Has '
                'the training diverged?',
                logging.WARNING,
            )
        metrics: dict[str, float] = {}
        for direction, arrays in (
            (f'image_to_{self.item}', (similarity, relevant, known)),
            (f'{self.item}_to_image', (similarity.T, relevant.T, known.T)),
        ):
            found = measure_retrieval(*arrays, self.topk)
            metrics |= self._results(direction, found)
        return metrics

    def _compared(self, sample: Mapping[str, Any]) -> ComparedSample:
        """Similarity, labels and mask of a data sample."""
        place = sample.get('img_path', 'a sample')
        for key, cause in (
            (
                self.similarity,
                'cross-modal models with an alignment loss give '
                "attribute_similarity; for others set similarity='pred_score' "
                'of RetrievalMetric',
            ),
            ('gt_score', 'the test pipeline packs no attributes'),
        ):
            if sample.get(key) is None:
                raise InputError(
                    f'{place}: expected {key}, found none: {cause}.'
                )
        similarity, targets = sample[self.similarity], sample['gt_score']
        known = sample.get('gt_mask')
        if known is None:
            known = torch.ones_like(targets, dtype=torch.bool)
        shapes = [tuple(item.shape) for item in (similarity, targets, known)]
        if len(shapes[0]) != 1 or len(set(shapes)) != 1:
            raise InputError(
                f'{place}: expected {self.similarity}, gt_score and gt_mask '
                'of one shape (attributes,), found '
                f'{", ".join(map(str, shapes))}. Set model.head.num_classes '
                "to the number of the dataset's attributes."
            )
        return ComparedSample(
            similarity.float().cpu().numpy(),
            (targets > 0.5).cpu().numpy(),
            known.bool().cpu().numpy(),
        )

    def _results(self, direction: str, found: Retrieval) -> dict[str, float]:
        """The result keys of a direction; logs them beside chance."""
        pairs = {
            f'R@{k}': (100 * value, 100 * found.recall_chance[k])
            for k, value in found.recall.items()
        }
        pairs['mAP'] = (100 * found.mean_ap, 100 * found.mean_ap_chance)
        pairs['median_rank'] = (found.median_rank, found.median_rank_chance)
        self._log(
            f'{direction} by {self.similarity}: '
            + ', '.join(
                f'{name} {value:.2f} (chance {chance:.2f})'
                for name, (value, chance) in pairs.items()
            )
            + f'; {found.num_queries} queries, {found.num_left_out} left out '
            'without a relevant one'
        )
        metrics: dict[str, float] = {}
        for name, (value, chance) in pairs.items():
            metrics[f'{direction}_{name}'] = value
            metrics[f'{direction}_{name}_chance'] = chance
        # MessageHub makes numpy integers of ints, for which LoggerHook
        # writes null after a test.
        metrics[f'{direction}_num_queries'] = float(found.num_queries)
        metrics[f'{direction}_num_left_out'] = float(found.num_left_out)
        return metrics

    def _log(self, text: str, level: int = logging.INFO) -> None:
        print_log(
            f'{type(self).__name__}: {text}', logger='current', level=level
        )
