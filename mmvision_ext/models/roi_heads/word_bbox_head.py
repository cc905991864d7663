"""Box head that classifies by words."""

from typing import Any

import torch
from mmdet.models.roi_heads.bbox_heads import Shared2FCBBoxHead

from mmvision_ext.registry import MODELS
from mmvision_ext.utils import InputError

from .global_context import Guidance
from .word_classifier import WordClassifier


@MODELS.register_module()
class WordBBoxHead(Shared2FCBBoxHead):
    """Two shared layers, boxes alike for all classes, classes by words.

    Losses, targets and decoding are those of mmdet's BBoxHead; the background
    is the last class. Boxes do not depend on classes, so that they are there
    for words that were never trained.

    Args:
        embed_dims: D, dimension of the words.
        temperature: Of the classifier's softmax, to begin with.
        reg_class_agnostic: True, since boxes are alike for all classes.
        options: Options of Shared2FCBBoxHead. ``num_classes`` is the number
            of words in training; other numbers may be given with a call.

    Raises:
        InputError: If boxes are to depend on classes.
    """

    def __init__(
        self,
        embed_dims: int,
        temperature: float = 0.05,
        reg_class_agnostic: bool = True,
        **options: Any,
    ) -> None:
        if not reg_class_agnostic:
            raise InputError(
                'bbox_head.reg_class_agnostic: expected True, found False; '
                'boxes of words that were never trained need it'
            )
        super().__init__(reg_class_agnostic=True, **options)
        self.fc_cls = WordClassifier(
            self.cls_last_dim, embed_dims, temperature
        )

    def forward(
        self,
        x: torch.Tensor,
        words: torch.Tensor,
        guidance: Guidance | None = None,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Score regions and correct their boxes.

        Args:
            x: Region features, shape (M, C, 7, 7).
            words: Features of the words, shape (K, D).
            guidance: What the image says of each region, M of them; None for
                nothing.

        Returns:
            Logits of K words and the background, (M, K + 1), and box deltas,
            (M, 4).
        """
        self.num_classes = len(words)  # the index of the background
        shared = self._shared(x)
        if guidance is None:
            return self.fc_cls(shared, words), self.fc_reg(shared)
        logits = self.fc_cls(guidance.condition(shared), words)
        return guidance.add_prior(logits), self.fc_reg(shared)

    def embed(
        self, x: torch.Tensor, guidance: Guidance | None = None
    ) -> torch.Tensor:
        """Bring regions beside words.

        Args:
            x: Region features, shape (M, C, 7, 7).
            guidance: What the image says of each region; None for nothing.

        Returns:
            Shape (M, D), of length 1, float32.
        """
        shared = self._shared(x)
        if guidance is not None:
            shared = guidance.condition(shared)
        return self.fc_cls.embed(shared)

    def _shared(self, x: torch.Tensor) -> torch.Tensor:
        """Features of regions (M, R) from their maps."""
        shared = x.flatten(1)
        for layer in self.shared_fcs:
            shared = self.relu(layer(shared))
        return shared
