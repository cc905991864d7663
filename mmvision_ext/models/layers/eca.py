"""Efficient Channel Attention."""

import math

import torch
from mmengine.model import BaseModule
from torch import nn

from mmvision_ext.registry import MODELS
from mmvision_ext.utils import InputError

from .kernel_check import check_kernel_size


def adaptive_kernel_size(channels: int) -> int:
    """Kernel that ECA-Net derives from the number of channels.

    The odd number nearest to (log2(channels) + 1) / 2, the larger of two
    equally near: equation 12 of the paper with its gamma = 2 and b = 1.

    Args:
        channels: Number of channels, at least 1.

    Returns:
        Kernel size in channels: 3 for 16 to 64 channels, 5 from 128.
    """
    return 2 * int((math.log2(channels) + 1) / 4) + 1


@MODELS.register_module()
class ECALayer(BaseModule):
    """Scale each channel by what it and its neighbours hold on average.

    Wang et al., "ECA-Net: Efficient Channel Attention for Deep Convolutional
    Neural Networks", CVPR 2020: global average pooling, a convolution without
    bias over neighbouring channels, a sigmoid, a product. The convolution
    keeps PyTorch's initialisation, as in the authors' code.

    Args:
        channels: Channels of the feature map; they decide the kernel where
            none is given.
        kernel_size: Number of neighbouring channels, odd; None follows
            :func:`adaptive_kernel_size`.

    Raises:
        InputError: If a number is out of range.
    """

    def __init__(self, channels: int, kernel_size: int | None = None) -> None:
        super().__init__()
        if channels < 1:
            raise InputError(
                'ECALayer: expected channels of at least 1, found '
                f'{channels!r}'
            )
        if kernel_size is None:
            kernel_size = adaptive_kernel_size(channels)
        check_kernel_size('ECALayer: kernel_size', kernel_size)
        self.kernel_size = kernel_size
        self.conv = nn.Conv1d(
            1, 1, kernel_size, padding=kernel_size // 2, bias=False
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Weigh the channels.

        Args:
            x: Feature map, shape (N, C, H, W).

        Returns:
            Same shape; every channel times its weight in (0, 1).
        """
        pooled = x.mean(dim=(2, 3)).unsqueeze(1)  # (N, 1, C)
        weights = self.conv(pooled).sigmoid()
        return x * weights.transpose(1, 2).unsqueeze(-1)  # (N, C, 1, 1)
