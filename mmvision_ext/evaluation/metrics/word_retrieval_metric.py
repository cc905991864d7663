"""Retrieval of words by image and of images by word."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from mmvision_ext.registry import METRICS
from mmvision_ext.utils import InputError

from .retrieval_metric import ComparedSample, RetrievalMetric


@METRICS.register_module()
class WordRetrievalMetric(RetrievalMetric):
    """How well images find the word of their class, and words their images.

    The keys of :class:`RetrievalMetric` for the directions ``image_to_word``
    and ``word_to_image``. Every image has one word.

    Args:
        similarity: Field of the data samples with the cosine to each word, as
            ``mmvision_ext.WordClsHead`` gives it.
        options: As for :class:`RetrievalMetric`.
    """

    item = 'word'

    def __init__(
        self, similarity: str = 'word_similarity', **options: Any
    ) -> None:
        super().__init__(similarity=similarity, **options)

    def process(
        self, data_batch: Any, data_samples: Sequence[dict[str, Any]]
    ) -> None:
        """Append what counts of each sample to ``self.results``.

        Args:
            data_batch: Not used.
            data_samples: As dicts, data samples with the similarity, shape
                (K,), and ``gt_label``, int64 (1,).

        Raises:
            InputError: If one is missing, or a label is none of the words.
        """
        for sample in data_samples:
            self.results.append(self._compared_with_words(sample))

    def _compared_with_words(
        self, sample: Mapping[str, Any]
    ) -> ComparedSample:
        """The sample with its label as one of K targets."""
        place = sample.get('img_path', 'a sample')
        for key in (self.similarity, 'gt_label'):
            if sample.get(key) is None:
                raise InputError(
                    f'{place}: expected {key}, found none. Cosines to words '
                    'come from mmvision_ext.WordClsHead, labels from '
                    'PackInputs in the test pipeline.'
                )
        similarity, label = sample[self.similarity], int(sample['gt_label'])
        if label >= len(similarity):
            raise InputError(
                f'{place}: expected a label below {len(similarity)}, the '
                f'number of words, found {label}. Put '
                "dict(type='mmvision_ext.VocabularyHook') in custom_hooks."
            )
        targets = torch.zeros(len(similarity))
        targets[label] = 1
        return self._compared({**sample, 'gt_score': targets})
