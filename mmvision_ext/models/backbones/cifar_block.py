"""The residual block of the CIFAR ResNets, and its shortcut."""

from collections.abc import Mapping
from typing import Any

import torch
from mmcv.cnn import ConvModule
from mmengine.model import BaseModule
from torch import nn
from torch.nn import functional as F

from mmvision_ext.registry import MODELS
from mmvision_ext.utils import InputError

SHORTCUTS = ('A', 'B')
POSITIONS = ('before_add', 'after_add')

Config = Mapping[str, Any]


class CifarBlock(BaseModule):
    """Two 3x3 convolutions and a shortcut around them.

    With F the convolutions, s the shortcut and a the attention, the output is

    - ReLU(a(F(x)) + s(x)) for 'before_add', as in ECA-Net,
    - a(ReLU(F(x) + s(x))) for 'after_add', SE-POST in Hu et al.,
      "Squeeze-and-Excitation Networks", TPAMI 2020, section 6.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
        stride: Stride of the first convolution in px.
        shortcut: What stands where the size changes. 'A': every
            ``stride``-th pixel, and zeros for the new channels; 'B': a 1x1
            convolution with normalisation.
        norm_cfg: Config of the normalisation; None is BatchNorm.
        attention: Config of a layer that takes ``channels``; without ``type``
            an ``ECALayer``. None for none.
        attention_position: 'before_add' or 'after_add'.
        ghost: Arguments of the ``GhostModule`` in the place of each
            convolution of F; None for convolutions.

    Raises:
        InputError: If a name is none of those given.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        stride: int = 1,
        shortcut: str = 'A',
        norm_cfg: Config | None = None,
        attention: Config | None = None,
        attention_position: str = 'before_add',
        ghost: Config | None = None,
    ) -> None:
        super().__init__()
        _check('shortcut', shortcut, SHORTCUTS)
        _check('attention_position', attention_position, POSITIONS)
        norm_cfg = norm_cfg or dict(type='BN')
        self.out_channels = out_channels
        self.attention_position = attention_position
        same = dict(norm_cfg=norm_cfg, ghost=ghost)
        self.conv1 = _convolution(
            in_channels,
            out_channels,
            stride=stride,
            act_cfg=dict(type='ReLU'),
            **same,
        )
        self.conv2 = _convolution(
            out_channels, out_channels, stride=1, act_cfg=None, **same
        )
        self.shortcut: nn.Module
        if stride == 1 and in_channels == out_channels:
            self.shortcut = nn.Identity()
        elif shortcut == 'A':
            self.shortcut = ZeroPadShortcut(stride, out_channels - in_channels)
        else:
            self.shortcut = ConvModule(
                in_channels,
                out_channels,
                1,
                stride=stride,
                norm_cfg=norm_cfg,
                act_cfg=None,
            )
        self.attention: nn.Module = nn.Identity()
        if attention is not None:
            default = dict(type='mmvision_ext.ECALayer', channels=out_channels)
            self.attention = MODELS.build({**default, **attention})
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Add a residual to the input.

        Args:
            x: Feature map, shape (N, in_channels, H, W).

        Returns:
            Shape (N, out_channels, ceil(H / stride), ceil(W / stride)).
        """
        residual = self.conv2(self.conv1(x))
        if self.attention_position == 'before_add':
            return self.relu(self.attention(residual) + self.shortcut(x))
        return self.attention(self.relu(residual + self.shortcut(x)))


class ZeroPadShortcut(nn.Module):
    """Shortcut without parameters: option A of He et al. 2016.

    Args:
        stride: Of every how many rows and columns one is kept.
        new_channels: How many channels of zeros follow the input's.
    """

    def __init__(self, stride: int, new_channels: int) -> None:
        super().__init__()
        self.stride = stride
        self.new_channels = new_channels

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Pick pixels and append channels.

        Args:
            x: Feature map, shape (N, C, H, W).

        Returns:
            Shape (N, C + new_channels, ceil(H / stride), ceil(W / stride)).
        """
        kept = x[:, :, :: self.stride, :: self.stride]
        return F.pad(kept, (0, 0, 0, 0, 0, self.new_channels))


def _convolution(
    in_channels: int,
    out_channels: int,
    ghost: Config | None,
    **layer: Any,
) -> nn.Module:
    """A 3x3 convolution, or the Ghost module in its place, normalised."""
    if ghost is None:
        return ConvModule(in_channels, out_channels, 3, padding=1, **layer)
    default = dict(type='mmvision_ext.GhostModule', kernel_size=3)
    sizes = dict(in_channels=in_channels, out_channels=out_channels)
    return MODELS.build({**default, **ghost, **sizes, **layer})


def _check(key: str, found: str, allowed: tuple[str, ...]) -> None:
    if found not in allowed:
        raise InputError(
            f'model.backbone.{key}: expected '
            f'{" or ".join(map(repr, allowed))}, found {found!r}'
        )
