"""The small residual networks for images of 32 px."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from mmpretrain.models.backbones import ResNet_CIFAR
from torch import nn

from mmvision_ext.registry import MODELS
from mmvision_ext.utils import InputError

from .cifar_block import CifarBlock

_DEPTHS = (20, 32, 44, 56, 110)
_STAGES = 3


@MODELS.register_module()
class CifarResNet(ResNet_CIFAR):
    """ResNet-20 to ResNet-110 for CIFAR.

    He et al., "Deep Residual Learning for Image Recognition", CVPR 2016,
    section 4.2: a 3x3 convolution, then three stages of (depth - 2) / 6
    blocks each on maps of 32, 16 and 8 px with 16, 32 and 64 channels.

    Parameters with ``GlobalAveragePooling`` and a linear layer for 100
    classes, by shortcut:

    ===== ========= ========= ====================== ======================
    depth A         B         B, ``ratio=2``         B, ``ratio=2,
                                                     kernel_size=1``
    ===== ========= ========= ====================== ======================
    20    275,572   278,324   147,716                28,932
    32    470,004   472,756   247,396                42,596
    44    664,436   667,188   347,076                56,260
    56    858,868   861,620   446,756                69,924
    110   1,733,812 1,736,564 895,316                131,412
    ===== ========= ========= ====================== ======================

    The last two are those with Ghost modules. Their primary convolution has
    the kernel of the one that it replaces unless ``kernel_size`` says
    otherwise; 1 is that of GhostNet's own layers. ECA adds three parameters a
    block: 27 for depth 20.

    Args:
        depth: 20, 32, 44, 56 or 110.
        base_channels: Channels of the stem and the first stage; each further
            stage has twice as many.
        shortcut: 'A', the paper's for CIFAR: every second pixel, and zeros
            for the new channels; or 'B': a 1x1 convolution where the size
            changes, which the published CIFAR-100 accuracies were trained
            with (https://github.com/chenyaofo/pytorch-cifar-models).
        out_indices: Stages whose maps are returned, from 0 to 2, at strides
            1, 2 and 4.
        frozen_stages: -1 for none; 0 for the stem; k for the stem and the
            first k stages. Their normalisation keeps its statistics as well.
        norm_cfg: Config of the normalisation; None is BatchNorm.
        attention: Config of a layer that takes ``channels``; without ``type``
            an ``ECALayer``. None for none.
        attention_position: See :class:`CifarBlock`.
        ghost: Arguments of the ``GhostModule`` in the place of each 3x3
            convolution but the first, such as ``ratio`` and
            ``kernel_size``; None for plain convolutions.
        init_cfg: Initialisation; None is He's normal one, from the number of
            inputs of a unit (He et al. 2015, equation 10), and 1 for the
            scale of the normalisation.

    Raises:
        InputError: If an argument is none of those named.

    Example:
        >>> import torch
        >>> backbone = CifarResNet(20, out_indices=(0, 1, 2))
        >>> [tuple(x.shape) for x in backbone(torch.rand(1, 3, 32, 32))]
        [(1, 16, 32, 32), (1, 32, 16, 16), (1, 64, 8, 8)]
    """

    arch_settings = {
        depth: (CifarBlock, ((depth - 2) // 6,) * _STAGES) for depth in _DEPTHS
    }

    def __init__(
        self,
        depth: int,
        base_channels: int = 16,
        shortcut: str = 'A',
        out_indices: Sequence[int] = (2,),
        frozen_stages: int = -1,
        norm_cfg: Mapping[str, Any] | None = None,
        attention: Mapping[str, Any] | None = None,
        attention_position: str = 'before_add',
        ghost: Mapping[str, Any] | None = None,
        init_cfg: Mapping[str, Any] | Sequence[Mapping] | None = None,
    ) -> None:
        _check('depth', depth, _DEPTHS)
        _check('frozen_stages', frozen_stages, range(-1, _STAGES + 1))
        for index in out_indices:
            _check('out_indices', index, range(_STAGES))
        self._block = partial(
            CifarBlock,
            shortcut=shortcut,
            norm_cfg=norm_cfg,
            attention=attention,
            attention_position=attention_position,
            ghost=ghost,
        )
        super().__init__(
            depth,
            stem_channels=base_channels,
            base_channels=base_channels,
            expansion=1,
            num_stages=_STAGES,
            strides=(1, 2, 2),
            dilations=(1, 1, 1),
            out_indices=tuple(out_indices),
            frozen_stages=frozen_stages,
            norm_cfg=norm_cfg or dict(type='BN'),
            zero_init_residual=False,
            init_cfg=init_cfg
            or [
                dict(
                    type='Kaiming',
                    layer='Conv2d',
                    mode='fan_in',
                    distribution='normal',
                ),
                dict(type='Constant', layer='_BatchNorm', val=1),
            ],
        )

    def make_res_layer(
        self,
        *,
        num_blocks: int,
        in_channels: int,
        out_channels: int,
        stride: int,
        **_: Any,
    ) -> nn.Sequential:
        """Make the blocks of a stage.

        Args:
            num_blocks: Number of blocks.
            in_channels: Channels of the stage's input.
            out_channels: Channels of its output.
            stride: Stride of the first block in px.

        Returns:
            From (N, in_channels, H, W) to (N, out_channels, H / stride,
            W / stride).
        """
        blocks = [self._block(in_channels, out_channels, stride)]
        for _number in range(num_blocks - 1):
            blocks.append(self._block(out_channels, out_channels))
        return nn.Sequential(*blocks)


def _check(key: str, found: int, allowed: Sequence[int]) -> None:
    if found not in allowed:
        raise InputError(
            f'model.backbone.{key}: expected one of '
            f'{", ".join(map(str, allowed))}, found {found!r}'
        )
