"""Large kernels between which every position chooses, of LSKNet."""

import torch
from torch import nn

from mmvision_ext.utils import InputError


class LargeSelectiveKernel(nn.Module):
    """Weights a feature map by two large kernels, mixed at each position.

    Section 3 of `LSKNet <https://arxiv.org/abs/2303.09030>`_: a depthwise
    5x5 convolution, and a depthwise 7x7 one of dilation 3 after it, see 5 and
    23 px. A map of weights for each comes from the mean and the maximum over
    the channels::

        u1 = DW5x5(x),  u2 = DW7x7d3(u1);  v1, v2 = Conv1x1(u1), Conv1x1(u2)
        w1, w2 = sigmoid(Conv7x7([mean(v1, v2), max(v1, v2)]))
        out = Conv1x1(w1 * v1 + w2 * v2) * x

    ``v1`` and ``v2`` have half the channels, as in the published weights,
    whose names the attributes have.

    Args:
        channels: Channels of the feature map, an even number.

    Raises:
        InputError: If the number is odd.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        if channels % 2:
            raise InputError(
                'LargeSelectiveKernel: expected an even number of channels, '
                f'found {channels}. Change arch["embed_dims"].'
            )
        half = channels // 2
        self.conv0 = nn.Conv2d(
            channels, channels, 5, padding=2, groups=channels
        )
        self.conv_spatial = nn.Conv2d(
            channels, channels, 7, padding=9, dilation=3, groups=channels
        )
        self.conv1 = nn.Conv2d(channels, half, 1)
        self.conv2 = nn.Conv2d(channels, half, 1)
        self.conv_squeeze = nn.Conv2d(2, 2, 7, padding=3)
        self.conv = nn.Conv2d(half, channels, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Weight a feature map.

        Args:
            x: Features, (N, channels, H, W).

        Returns:
            ``x`` times the attention, of the same shape.
        """
        near = self.conv0(x)
        far = self.conv2(self.conv_spatial(near))
        near = self.conv1(near)
        both = torch.cat([near, far], 1)
        pooled = torch.cat(
            [both.mean(1, keepdim=True), both.amax(1, keepdim=True)], 1
        )
        weight = self.conv_squeeze(pooled).sigmoid()
        mixed = near * weight[:, :1] + far * weight[:, 1:]
        return self.conv(mixed) * x
