"""A shallow, wide residual network that trains fast on small images."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from mmpretrain.models.backbones.base_backbone import BaseBackbone
from torch import nn

from mmvision_ext.registry import MODELS
from mmvision_ext.utils import InputError

_STAGES = 4


@MODELS.register_module()
class ResNet9(BaseBackbone):
    """Eight convolutions in four stages; the ninth layer is the classifier.

    The network of D. Page, "How to Train Your ResNet", 2018, for CIFAR-10: a
    3x3 convolution, then three stages of a 3x3 convolution and a max pooling
    that halves the map, the first and the last of them with a residual block
    of two more. With 64 channels in the first stage and a linear layer for
    100 classes it has 6,619,300 parameters.

    Args:
        base_channels: Channels of the first stage; each later one has twice
            as many.
        out_indices: Stages whose maps are returned, from 0 to 3, at strides
            1, 2, 4 and 8.
        init_cfg: Initialisation; None is He's normal one of the convolutions
            and 1 for the scale of the normalisation.

    Raises:
        InputError: If a stage does not exist.

    Example:
        >>> import torch
        >>> backbone = ResNet9(16, out_indices=(0, 3))
        >>> [tuple(x.shape) for x in backbone(torch.rand(1, 3, 32, 32))]
        [(1, 16, 32, 32), (1, 128, 4, 4)]
    """

    def __init__(
        self,
        base_channels: int = 64,
        out_indices: Sequence[int] = (3,),
        init_cfg: Mapping[str, Any] | Sequence[Mapping] | None = None,
    ) -> None:
        super().__init__(
            init_cfg
            or [
                dict(type='Kaiming', layer='Conv2d', mode='fan_in'),
                dict(type='Constant', layer='BatchNorm2d', val=1),
            ]
        )
        wrong = [i for i in out_indices if i not in range(_STAGES)]
        if wrong:
            raise InputError(
                f'ResNet9: out_indices: expected 0 to {_STAGES - 1}, found '
                f'{wrong[0]}.'
            )
        self.out_indices = tuple(out_indices)
        widths = [base_channels * 2**stage for stage in range(_STAGES)]
        self.stages = nn.ModuleList([_conv(3, widths[0])])
        for stage in range(1, _STAGES):
            layers = [_conv(widths[stage - 1], widths[stage]), nn.MaxPool2d(2)]
            if stage != 2:
                layers.append(Residual(widths[stage]))
            self.stages.append(nn.Sequential(*layers))

    def forward(self, inputs: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Compute the feature maps.

        Args:
            inputs: Images, (B, 3, H, W).

        Returns:
            A map for each of ``out_indices``, of stage k
            (B, base_channels * 2**k, H / 2**k, W / 2**k).
        """
        found = []
        features = inputs
        for index, stage in enumerate(self.stages):
            features = stage(features)
            if index in self.out_indices:
                found.append(features)
        return tuple(found)


class Residual(nn.Module):
    """Two convolutions beside the identity.

    Args:
        channels: Channels of input and output.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            _conv(channels, channels), _conv(channels, channels)
        )

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Add what the convolutions find.

        Args:
            features: Feature map, (B, C, H, W).

        Returns:
            Feature map of the same shape.
        """
        return features + self.layers(features)


def _conv(in_channels: int, out_channels: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(inplace=True),
    )
