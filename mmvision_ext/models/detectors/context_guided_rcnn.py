"""Two-stage detector whose classes are words."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from mmdet.models.detectors import TwoStageDetector
from mmdet.structures import DetDataSample

from mmvision_ext.models.backbones.overview import Share, overview
from mmvision_ext.models.roi_heads.guided_features import GuidedFeatures
from mmvision_ext.models.text.vocabulary import Vocabulary
from mmvision_ext.registry import MODELS
from mmvision_ext.utils import InputError


@MODELS.register_module()
class ContextGuidedRCNN(TwoStageDetector):
    """mmdet's TwoStageDetector with features of words and of the whole image.

    The backbone's stages go into the pyramid; its global feature, see
    :func:`~mmvision_ext.models.backbones.overview.overview`, and the words in
    use go with it to the RoI head, ``mmvision_ext.ContextGuidedRoIHead``.

    Setting ``dataset_meta``, as mmdet's ``init_detector`` does, chooses its
    classes as words, and :meth:`use_words` any others.

    Args:
        vocabulary: Path of an embedding file.
        options: Options of TwoStageDetector.

    Raises:
        InputError: If the words have another dimension than the RoI head
            expects.
    """

    def __init__(self, vocabulary: str, **options: Any) -> None:
        super().__init__(**options)
        self.vocabulary = Vocabulary(vocabulary)
        self._dataset_meta: dict = {}
        self._pictures: list[Share] | None = None
        self._check_dimensions()

    @property
    def dataset_meta(self) -> dict:
        """What results are labelled with; ``classes`` are the words."""
        self._dataset_meta['classes'] = self.vocabulary.words
        return self._dataset_meta

    @dataset_meta.setter
    def dataset_meta(self, meta: dict) -> None:
        self.vocabulary.use(meta['classes'])
        self._dataset_meta = dict(meta)

    def use_words(self, words: Sequence[str]) -> None:
        """Detect these words from now on.

        Args:
            words: Words of the vocabulary, in the order of the labels.

        Raises:
            InputError: If there are none, one comes twice or is not known.
        """
        self.vocabulary.use(words)
        self._dataset_meta.pop('palette', None)  # colours of other classes

    def loss(
        self,
        batch_inputs: torch.Tensor,
        batch_data_samples: Sequence[DetDataSample],
    ) -> dict[str, Any]:
        """Losses of a batch; padding has no part in the context.

        Args:
            batch_inputs: Normalised images, shape (N, 3, H, W).
            batch_data_samples: N samples; ``img_shape`` tells padding from
                picture.

        Returns:
            As of TwoStageDetector.
        """
        with self._without_padding(batch_inputs, batch_data_samples):
            return super().loss(batch_inputs, batch_data_samples)

    def predict(
        self,
        batch_inputs: torch.Tensor,
        batch_data_samples: Sequence[DetDataSample],
        rescale: bool = True,
    ) -> Sequence[DetDataSample]:
        """Detect; padding has no part in the context.

        Args:
            batch_inputs: As of :meth:`loss`.
            batch_data_samples: As of :meth:`loss`.
            rescale: Whether boxes are of the original images.

        Returns:
            The samples, with ``pred_instances``.
        """
        with self._without_padding(batch_inputs, batch_data_samples):
            return super().predict(batch_inputs, batch_data_samples, rescale)

    @contextmanager
    def _without_padding(
        self, inputs: torch.Tensor, samples: Sequence[DetDataSample]
    ) -> Iterator[None]:
        """Let :meth:`extract_feat` know what of the inputs is picture."""
        self._pictures = _pictures(inputs, samples)
        try:
            yield
        finally:
            self._pictures = None

    def extract_feat(self, batch_inputs: torch.Tensor) -> GuidedFeatures:
        """Extract what the heads need.

        Args:
            batch_inputs: Normalised images, shape (N, 3, H, W).

        Returns:
            The pyramid with the global features and the words.
        """
        stages = self.backbone(batch_inputs)
        return GuidedFeatures(
            self.neck(stages),
            images=batch_inputs,
            overview=None
            if self.roi_head.context is None
            else overview(self.backbone, stages, self._pictures),
            words=self.vocabulary.features,
        )

    def _check_dimensions(self) -> None:
        """Words, regions and context have to lie in one space."""
        found = self.vocabulary.features.shape[1]
        head = self.roi_head
        expected = {'bbox_head': head.bbox_head.fc_cls.embed_dims}
        if head.context is not None:
            expected['context'] = head.context.embed_dims
        for part, dims in expected.items():
            if dims != found:
                raise InputError(
                    f'model.roi_head.{part}.embed_dims: expected {found}, the '
                    f'dimension of the words in {self.vocabulary.path}, found '
                    f'{dims}. Set it to {found}, or give the embedding file '
                    'of another encoder as model.vocabulary.'
                )


def _pictures(
    inputs: torch.Tensor, data_samples: Sequence[DetDataSample]
) -> list[Share] | None:
    """What of each input is picture; None where the samples do not say."""
    if any('img_shape' not in sample for sample in data_samples):
        return None
    height, width = inputs.shape[2:]
    return [
        (sample.img_shape[0] / height, sample.img_shape[1] / width)
        for sample in data_samples
    ]
