"""The residual block of CLIP's ResNets."""

from collections import OrderedDict

import torch
from mmdet.models.backbones.resnet import Bottleneck
from torch import nn
from torch.utils.checkpoint import checkpoint


class CLIPBottleneck(Bottleneck):
    """A bottleneck whose stride is an average pooling.

    Radford et al., "Learning Transferable Visual Models From Natural Language
    Supervision", ICML 2021, section 2.4. No convolution has a stride: the map
    is pooled before the last convolution, and in the shortcut before its
    convolution, so that nothing aliases (Zhang 2019). The layers have the
    names of the published weights.

    Args:
        in_channels: Channels of the input.
        planes: Channels of the 3x3 convolution; the output has four times as
            many.
        stride: Stride in pixels.
        with_cp: Whether the block is computed again in the backward pass
            instead of keeping its activations.
    """

    def __init__(
        self,
        in_channels: int,
        planes: int,
        stride: int = 1,
        with_cp: bool = False,
    ) -> None:
        super().__init__(
            in_channels,
            planes,
            with_cp=with_cp,
            # The block begins as its shortcut.
            init_cfg=dict(type='Constant', val=0, override=dict(name='norm3')),
        )
        out_channels = planes * self.expansion
        self.pool = nn.AvgPool2d(stride)
        if stride > 1 or in_channels != out_channels:
            self.downsample = nn.Sequential(
                OrderedDict(
                    [
                        ('pool', nn.AvgPool2d(stride)),
                        (
                            '0',
                            nn.Conv2d(
                                in_channels, out_channels, 1, bias=False
                            ),
                        ),
                        ('1', nn.BatchNorm2d(out_channels)),
                    ]
                )
            )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Compute the block.

        Args:
            x: Shape (N, in_channels, H, W).

        Returns:
            Shape (N, 4 * planes, H // stride, W // stride).
        """
        if self.with_cp and x.requires_grad:
            return checkpoint(self._compute, x, use_reentrant=False)
        return self._compute(x)

    def _compute(self, x: torch.Tensor) -> torch.Tensor:
        out = self.relu(self.norm1(self.conv1(x)))
        out = self.relu(self.norm2(self.conv2(out)))
        out = self.norm3(self.conv3(self.pool(out)))
        shortcut = x if self.downsample is None else self.downsample(x)
        return self.relu(out + shortcut)
