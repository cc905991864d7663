"""The fully connected classifier of AlexNet."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from mmvision_ext.registry import MODELS
from mmvision_ext.utils import InputError

from .feature_map_head import FeatureMapHead

POOLED_SIZE = 6  # rows and columns of the feature map of a 224 px image


@MODELS.register_module()
class AlexNetHead(FeatureMapHead):
    """AlexNet's three fully connected layers, the last one for new classes.

    The layers have torchvision's names, so that its weights fit:
    ``classifier.1`` (fc6), ``classifier.4`` (fc7) and ``classifier.6``, the
    new last layer, whose 1000 ImageNet classes are reported as mismatched and
    stay out::

        init_cfg=dict(type='Pretrained', checkpoint='torchvision://alexnet')

    Krizhevsky, "One weird trick for parallelizing convolutional neural
    networks", 2014.

    Args:
        num_classes: Number of classes.
        in_channels: Channels of the backbone's last feature map.
        hidden_channels: Width of fc6 and fc7.
        dropout: Probability of dropout before fc6 and before fc7, in [0, 1).
        loss: Config of the loss; None is cross-entropy.
        topk: Ranks at which training accuracy is logged.
        cal_acc: Whether training accuracy is logged; not with mixup and the
            like, whose labels are mixed.
        init_cfg: Initialisation; None keeps PyTorch's.

    Raises:
        InputError: If a number is out of range.
    """

    def __init__(
        self,
        num_classes: int,
        in_channels: int = 256,
        hidden_channels: int = 4096,
        dropout: float = 0.5,
        loss: Mapping[str, Any] | None = None,
        topk: Sequence[int] = (1,),
        cal_acc: bool = False,
        init_cfg: Mapping[str, Any] | None = None,
    ) -> None:
        if hidden_channels < 1:
            raise InputError(
                'AlexNetHead: expected hidden_channels of at least 1, found '
                f'{hidden_channels}'
            )
        super().__init__(
            num_classes, in_channels, dropout, loss, topk, cal_acc, init_cfg
        )
        self.classifier = nn.Sequential(
            nn.Dropout(dropout),
            nn.Linear(in_channels * POOLED_SIZE**2, hidden_channels),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(hidden_channels, hidden_channels),
            nn.ReLU(),
            nn.Linear(hidden_channels, num_classes),
        )

    def pre_logits(self, feats: Sequence[torch.Tensor]) -> torch.Tensor:
        """The activations of fc7.

        Args:
            feats: Outputs of the backbone's stages; the last, of shape
                (N, in_channels, H, W), is used, averaged to 6 x 6 positions.

        Returns:
            Shape (N, hidden_channels), not negative.

        Raises:
            InputError: If the last output has another shape.
        """
        pooled = F.adaptive_avg_pool2d(self.last_map(feats), POOLED_SIZE)
        return self.classifier[:-1](pooled.flatten(1))

    def forward(self, feats: Sequence[torch.Tensor]) -> torch.Tensor:
        """Compute the logits.

        Args:
            feats: Outputs of the backbone's stages; the last, of shape
                (N, in_channels, H, W), is used.

        Returns:
            Logits, shape (N, num_classes).
        """
        return self.classifier[-1](self.pre_logits(feats))
