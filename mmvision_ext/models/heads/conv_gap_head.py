"""Classification by a 1x1 convolution and global average pooling."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import nn

from mmvision_ext.registry import MODELS

from .feature_map_head import FeatureMapHead


@MODELS.register_module()
class ConvGAPHead(FeatureMapHead):
    """A map for each class by a 1x1 convolution, averaged over positions.

    The convolution is linear, so the scores equal those of pooling first and
    a linear layer after it; beyond that, the maps before the average show
    where the evidence for a class lies (Zhou et al., "Learning Deep Features
    for Discriminative Localization", CVPR 2016).

    Args:
        num_classes: Number of classes.
        in_channels: Channels of the backbone's last feature map.
        dropout: Probability that a channel is dropped in training, in [0, 1):
            the same as dropout on pooled features.
        loss: Config of the loss; None is cross-entropy.
        topk: Ranks at which training accuracy is logged.
        cal_acc: Whether training accuracy is logged; not with mixup and the
            like, whose labels are mixed.
        init_cfg: Initialisation of the convolution.

    Raises:
        InputError: If a number is out of range.
    """

    def __init__(
        self,
        num_classes: int,
        in_channels: int,
        dropout: float = 0.0,
        loss: Mapping[str, Any] | None = None,
        topk: Sequence[int] = (1,),
        cal_acc: bool = False,
        init_cfg: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(
            num_classes,
            in_channels,
            dropout,
            loss,
            topk,
            cal_acc,
            init_cfg or dict(type='Normal', layer='Conv2d', std=0.01),
        )
        self.dropout = nn.Dropout2d(dropout)
        self.conv = nn.Conv2d(in_channels, num_classes, kernel_size=1)

    def pre_logits(self, feats: Sequence[torch.Tensor]) -> torch.Tensor:
        """The feature map that is classified.

        Args:
            feats: Outputs of the backbone's stages; the last is used.

        Returns:
            Shape (N, in_channels, H, W).

        Raises:
            InputError: If the last output has another shape.
        """
        return self.last_map(feats)

    def class_maps(self, feats: Sequence[torch.Tensor]) -> torch.Tensor:
        """Evidence for each class at each position.

        Args:
            feats: Outputs of the backbone's stages; the last, of shape
                (N, in_channels, H, W), is used.

        Returns:
            Logits by position, shape (N, num_classes, H, W); their mean over
            positions is the output of :meth:`forward`.
        """
        return self.conv(self.dropout(self.pre_logits(feats)))

    def forward(self, feats: Sequence[torch.Tensor]) -> torch.Tensor:
        """Compute the logits.

        Args:
            feats: Outputs of the backbone's stages; the last, of shape
                (N, in_channels, H, W), is used.

        Returns:
            Logits, shape (N, num_classes).
        """
        return self.class_maps(feats).mean(dim=(2, 3))
