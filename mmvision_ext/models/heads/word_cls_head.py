"""Classification by words."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from mmengine.dist import all_gather
from mmpretrain.models.heads import ClsHead
from mmpretrain.structures import DataSample

from mmvision_ext.models.losses.alignment import contrastive_alignment
from mmvision_ext.models.text.vocabulary import Vocabulary
from mmvision_ext.registry import MODELS
from mmvision_ext.utils import InputError

from .cosine_logits import CosineLogits
from .gather import gather


@MODELS.register_module()
class WordClsHead(ClsHead):
    """Cosine between the embedding of an image and the words of the classes.

    Two losses, after Radford et al., "Learning Transferable Visual Models From
    Natural Language Supervision", ICML 2021, with the text tower frozen:

    - ``loss``, the cross-entropy over all words in use;
    - ``loss_contrast``, each image against the words of the images in the
      batch, and each of these words against the images. Images of one class
      are no negatives of each other: they share the probability. The batch is
      that of all processes together.

    Without training it is the zero-shot classifier. Predictions have the
    cosines as ``word_similarity``, float32 (K,): unlike a softmax, they also
    order images by a word.

    Args:
        vocabulary: Path of an embedding file; its dimension D is that of the
            image's embedding.
        temperature: Inverse of the scale of the cosines to begin with, at
            least 0.01; learned.
        contrast_weight: Factor of the contrastive loss; 0 leaves it out.
        loss: Loss of the classes; None is the cross-entropy.
        topk: See mmpretrain's ClsHead.
        cal_acc: See mmpretrain's ClsHead.
        init_cfg: See mmpretrain's ClsHead.
    """

    def __init__(
        self,
        vocabulary: str,
        temperature: float = 0.07,
        contrast_weight: float = 1.0,
        loss: Mapping[str, Any] | None = None,
        topk: int | tuple[int, ...] = (1,),
        cal_acc: bool = False,
        init_cfg: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(
            loss=loss or dict(type='mmpretrain.CrossEntropyLoss'),
            topk=topk,
            cal_acc=cal_acc,
            init_cfg=init_cfg,
        )
        self.vocabulary = Vocabulary(vocabulary)
        self.logits = CosineLogits(temperature)
        self.contrast_weight = contrast_weight

    def forward(self, feats: tuple[torch.Tensor, ...]) -> torch.Tensor:
        """Score images.

        Args:
            feats: Outputs of backbone and neck; the last one is the embedding
                (N, D), of any length.

        Returns:
            Logits, float32 (N, K).

        Raises:
            InputError: If the embedding has another dimension than the words.
        """
        embedded, words = self.pre_logits(feats), self.vocabulary.features
        if embedded.ndim != 2 or embedded.shape[1] != words.shape[1]:
            raise InputError(
                'model.head: expected embeddings of images of shape (N, '
                f'{words.shape[1]}) as the words of {self.vocabulary.path} '
                f'have, found {tuple(embedded.shape)}. They come from another '
                'tower, or model.backbone does not pool.'
            )
        return self.logits(embedded, words)

    def loss(
        self,
        feats: tuple[torch.Tensor, ...],
        data_samples: Sequence[DataSample],
        **options: Any,
    ) -> dict[str, torch.Tensor]:
        """Losses of a batch.

        Args:
            feats: As in :meth:`forward`.
            data_samples: N samples with ``gt_label``.
            options: Of the loss of the classes.

        Returns:
            ``loss``, and ``loss_contrast`` where it has a weight; scalars.
        """
        losses = super().loss(feats, data_samples, **options)
        if self.contrast_weight:
            labels = torch.cat([sample.gt_label for sample in data_samples])
            losses['loss_contrast'] = self.contrast_weight * self._contrast(
                self.pre_logits(feats), labels
            )
        return losses

    def _get_predictions(
        self,
        cls_score: torch.Tensor,
        data_samples: Sequence[DataSample | None] | None,
    ) -> list[DataSample]:
        """Probabilities and labels, as ClsHead's, and cosines."""
        samples = super()._get_predictions(cls_score, data_samples)
        for sample, cosines in zip(
            samples, cls_score / self.logits.scale, strict=True
        ):
            sample.set_field(cosines, 'word_similarity', dtype=torch.Tensor)
        return samples

    def _contrast(
        self, embedded: torch.Tensor, labels: torch.Tensor
    ) -> torch.Tensor:
        """Images of all processes against their words."""
        images, labels = gather(embedded), torch.cat(all_gather(labels))
        return contrastive_alignment(
            images,
            self.vocabulary.features[labels],
            labels[:, None] == labels,
            1 / self.logits.scale,
        )
