"""Classifier of regions by words."""

import torch
from torch import nn
from torch.nn import functional as F

from mmvision_ext.models.heads.cosine_logits import CosineLogits


class WordClassifier(nn.Module):
    """Cosine of a projected region to words, and to a learned background.

    The classifier of Gu et al., "Open-vocabulary Object Detection via Vision
    and Language Knowledge Distillation" (ViLD), ICLR 2022: the words are given
    with each call, so that any number of others may take their place.

    Args:
        in_channels: R, channels of a region's feature.
        embed_dims: D, dimension of the words.
        temperature: Of the softmax, to begin with; learned.
    """

    def __init__(
        self, in_channels: int, embed_dims: int, temperature: float = 0.05
    ) -> None:
        super().__init__()
        self.embed_dims = embed_dims
        self.projection = nn.Linear(in_channels, embed_dims)
        self.background = nn.Parameter(torch.randn(embed_dims))
        self.logits = CosineLogits(temperature)

    def embed(self, features: torch.Tensor) -> torch.Tensor:
        """Bring regions beside words.

        Args:
            features: Shape (M, R).

        Returns:
            Shape (M, D), of length 1, float32.
        """
        return F.normalize(self.projection(features).float())

    def forward(
        self, features: torch.Tensor, words: torch.Tensor
    ) -> torch.Tensor:
        """Score regions.

        Args:
            features: Shape (M, R).
            words: Shape (K, D).

        Returns:
            Logits of the words and, last, of the background, float32
            (M, K + 1).
        """
        everything = torch.cat([words, self.background[None].to(words)])
        return self.logits(self.projection(features), everything)
