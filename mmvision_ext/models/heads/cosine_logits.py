"""Logits from the cosine between features and words."""

import math

import torch
from torch import nn
from torch.nn import functional as F

from mmvision_ext.models.full_precision import full_precision
from mmvision_ext.utils import InputError

MAX_SCALE = 100.0  # as CLIP clamps it


class CosineLogits(nn.Module):
    """Scaled cosine similarities with a learned scale.

    The scale is kept as its logarithm, which training keeps below that of 100,
    as in Radford et al., "Learning Transferable Visual Models From Natural
    Language Supervision", ICML 2021: the parameter itself is clamped, so that
    it can come down again. Everything is computed in float32, under autocast
    too: bfloat16 cannot tell scaled cosines that differ by less than 1 %.

    Args:
        temperature: Inverse of the scale to begin with, at least 0.01.

    Raises:
        InputError: If the temperature is out of range.
    """

    def __init__(self, temperature: float = 0.07) -> None:
        super().__init__()
        if temperature * MAX_SCALE < 1 - 1e-6:
            raise InputError(
                f'temperature: expected at least {1 / MAX_SCALE}, found '
                f'{temperature}'
            )
        self.log_scale = nn.Parameter(torch.tensor(-math.log(temperature)))

    @property
    def scale(self) -> torch.Tensor:
        """The factor of the cosines, a scalar of at most 100."""
        return self.log_scale.clamp(max=math.log(MAX_SCALE)).exp()

    def forward(
        self, features: torch.Tensor, words: torch.Tensor
    ) -> torch.Tensor:
        """Compare every feature with every word.

        Args:
            features: Shape (N, D), of any length.
            words: Shape (K, D), of any length.

        Returns:
            Logits, float32 (N, K), in [-scale, scale].
        """
        if self.training:  # .data: an earlier forward may still need it
            self.log_scale.data.clamp_(max=math.log(MAX_SCALE))
        with full_precision(features):
            cosines = (
                F.normalize(features.float()) @ F.normalize(words.float()).mT
            )
            return self.scale.float() * cosines
