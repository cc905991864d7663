"""The Ghost module: part of the feature maps comes from cheap operations."""

import math
from collections.abc import Mapping
from typing import Any

import torch
from mmcv.cnn import ConvModule
from mmengine.model import BaseModule

from mmvision_ext.registry import MODELS
from mmvision_ext.utils import InputError

from .kernel_check import check_kernel_size


@MODELS.register_module()
class GhostModule(BaseModule):
    """A convolution that computes one in ``ratio`` maps, and others from it.

    Han et al., "GhostNet: More Features from Cheap Operations", CVPR 2020,
    section 3.1. A primary convolution gives m = ceil(out_channels / ratio)
    intrinsic maps; a depthwise one makes ``ratio - 1`` further maps of each.
    Batch normalisation and activation follow each of the two, as in the
    authors' code, so none belongs after the module. Where ``ratio`` does not
    divide ``out_channels``, the surplus of m * ratio maps is cut off.

    Parameters, the normalisation's apart: m * in_channels * kernel_size^2 +
    m * (ratio - 1) * cheap_kernel_size^2, against out_channels * in_channels
    * kernel_size^2 of a convolution.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        kernel_size: Kernel of the primary convolution in px, odd; that of the
            convolution that is replaced, or 1 as in GhostNet.
        stride: Stride of the primary convolution in px.
        ratio: Output maps for each intrinsic one, from 2 to ``out_channels``.
        cheap_kernel_size: Kernel of the depthwise convolution in px, odd.
        norm_cfg: Config of the normalisation.
        act_cfg: Config of the activation; None for none.

    Raises:
        InputError: If a kernel or the ratio is out of range.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int = 1,
        stride: int = 1,
        ratio: int = 2,
        cheap_kernel_size: int = 3,
        norm_cfg: Mapping[str, Any] | None = None,
        act_cfg: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        check_kernel_size('GhostModule: kernel_size', kernel_size)
        check_kernel_size('GhostModule: cheap_kernel_size', cheap_kernel_size)
        if not isinstance(ratio, int) or not 2 <= ratio <= out_channels:
            raise InputError(
                'GhostModule: expected ratio from 2 to out_channels, '
                f'{out_channels}, found {ratio!r}. Without cheap operations, '
                'use a convolution.'
            )
        self.out_channels = out_channels
        layer = dict(norm_cfg=norm_cfg or dict(type='BN'), act_cfg=act_cfg)
        intrinsic = math.ceil(out_channels / ratio)
        self.primary = ConvModule(
            in_channels,
            intrinsic,
            kernel_size,
            stride=stride,
            padding=kernel_size // 2,
            **layer,
        )
        self.cheap = ConvModule(
            intrinsic,
            intrinsic * (ratio - 1),
            cheap_kernel_size,
            padding=cheap_kernel_size // 2,
            groups=intrinsic,
            **layer,
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Make the intrinsic maps and their ghosts.

        Args:
            x: Feature map, shape (N, in_channels, H, W).

        Returns:
            Intrinsic maps, then the ghosts, map by map: shape (N,
            out_channels, ceil(H / stride), ceil(W / stride)).
        """
        intrinsic = self.primary(x)
        maps = torch.cat((intrinsic, self.cheap(intrinsic)), dim=1)
        return maps[:, : self.out_channels]
