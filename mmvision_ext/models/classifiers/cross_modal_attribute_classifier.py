"""A classifier whose head also takes attributes that are known."""

from typing import Any

import torch
from mmpretrain.models import ImageClassifier
from torch.nn import functional as F

from mmvision_ext.models.heads import CrossModalAttributeHead
from mmvision_ext.registry import MODELS
from mmvision_ext.utils import InputError


@MODELS.register_module()
class CrossModalAttributeClassifier(ImageClassifier):
    """mmpretrain's ImageClassifier with embeddings of images and attributes.

    Its head is a
    :class:`~mmvision_ext.models.heads.CrossModalAttributeHead`, which says how
    it is trained. ``predict(inputs, known=...)``, or ``known_attributes`` of
    data samples, tell the model what is known of an image.

    Args:
        options: ``backbone``, ``neck``, ``head``, ``data_preprocessor``,
            ``train_cfg``, ``pretrained`` and ``init_cfg`` of ImageClassifier.

    Raises:
        InputError: If the head is another.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        if not isinstance(self.head, CrossModalAttributeHead):
            raise InputError(
                'model.head: expected mmvision_ext.CrossModalAttributeHead, '
                f'found {type(self.head).__name__}. With another head use '
                "model.type='ImageClassifier'."
            )

    def embed_images(self, inputs: torch.Tensor) -> torch.Tensor:
        """Embed images beside attributes, for retrieval.

        Args:
            inputs: Normalised images, (N, 3, H, W).

        Returns:
            Shape (N, E), of length 1.
        """
        return F.normalize(self.head.embed_images(self.extract_feat(inputs)))

    def embed_attributes(self, known: torch.Tensor) -> torch.Tensor:
        """Embed sets of attributes beside images, for retrieval.

        Args:
            known: 1 present, -1 absent, 0 not stated, (N, A);
                :func:`~mmvision_ext.models.heads.known_vector` makes a row
                from names.

        Returns:
            Shape (N, E), of length 1.

        Raises:
            InputError: If the shape is another.
        """
        return F.normalize(self.head.embed_attributes(known))
