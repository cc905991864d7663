"""Multi-scale convolutional attention of SegNeXt."""

import torch
from torch import nn

_STRIPS = (7, 11, 21)


class MultiScaleAttention(nn.Module):
    """Weights a feature map by convolutions of it at four scales.

    Equations 1 and 2 of `SegNeXt <https://arxiv.org/abs/2209.08575>`_::

        a = DW5x5(x)
        out = Conv1x1(a + sum over k of DWkx1(DW1xk(a))) * x,  k = 7, 11, 21

    A pair of strips has the reach of a k x k kernel at 2k weights a channel.
    The attributes have the names of the published weights.

    Args:
        channels: Channels of the feature map.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv0 = nn.Conv2d(
            channels, channels, 5, padding=2, groups=channels
        )
        for index, size in enumerate(_STRIPS):
            pad = size // 2
            row = nn.Conv2d(
                channels,
                channels,
                (1, size),
                padding=(0, pad),
                groups=channels,
            )
            column = nn.Conv2d(
                channels,
                channels,
                (size, 1),
                padding=(pad, 0),
                groups=channels,
            )
            self.add_module(f'conv{index}_1', row)
            self.add_module(f'conv{index}_2', column)
        self.conv3 = nn.Conv2d(channels, channels, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Weight a feature map.

        Args:
            x: Features, (N, channels, H, W).

        Returns:
            ``x`` times the attention, of the same shape.
        """
        local = self.conv0(x)
        attention = local
        for index in range(len(_STRIPS)):
            row = self.get_submodule(f'conv{index}_1')
            column = self.get_submodule(f'conv{index}_2')
            attention = attention + column(row(local))
        return self.conv3(attention) * x
