"""A choice among augmentations."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import nn

from mmvision_ext.registry import TRANSFORMS
from mmvision_ext.utils import InputError


@TRANSFORMS.register_module()
class BatchOneOf(nn.Module):
    """Apply one of several augmentations to a batch, or none.

    Args:
        augments: Configs of the augmentations.
        probs: Probability of each; what they lack to 1 is that of none.

    Raises:
        InputError: If these are no probabilities of the augmentations.
    """

    def __init__(
        self, augments: Sequence[Mapping[str, Any]], probs: Sequence[float]
    ) -> None:
        super().__init__()
        if (
            len(probs) != len(augments)
            or min(probs, default=-1) < 0
            or sum(probs) > 1 + 1e-6
        ):
            raise InputError(
                f'probs: expected {len(augments)} probabilities, one for each '
                f'of augments, with a sum of at most 1, found {list(probs)}'
            )
        self.augments = nn.ModuleList(
            TRANSFORMS.build(augment) for augment in augments
        )
        rest = max(0.0, 1 - sum(probs))
        self._weights = torch.tensor([*probs, rest], dtype=torch.float64)

    def forward(
        self, images: torch.Tensor, targets: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Augment a batch.

        Args:
            images: (B, C, H, W).
            targets: Labels, (B,), or soft targets, (B, K).

        Returns:
            What the chosen augmentation gives.
        """
        # Drawn on the CPU: it decides what runs on the device.
        choice = int(torch.multinomial(self._weights, 1))
        if choice == len(self.augments):
            return images, targets
        return self.augments[choice](images, targets)
