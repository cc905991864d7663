"""The large selective kernel network."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from torch import nn

from mmvision_ext.models.layers.large_selective_kernel import (
    LargeSelectiveKernel,
)
from mmvision_ext.registry import MODELS

from .gated_van import Arch, GatedVAN, InitCfg, embedding


@MODELS.register_module()
class LSKNet(GatedVAN):
    """Backbone whose positions choose between two large kernels.

    Li et al. 2023, `Large Selective Kernel Network for Remote Sensing Object
    Detection <https://arxiv.org/abs/2303.09030>`_: the blocks of
    :class:`GatedVAN` with :class:`LargeSelectiveKernel`. Parameters without a
    head, with ImageNet's linear layer of 1000 classes, and in the paper:

    =====  ==========  ==========  ======
    tiny    3,990,190   4,247,190   4.3 M
    small  13,840,892  14,353,892  14.4 M
    =====  ==========  ==========  ======

    The published file of 'tiny' has 68.6 MB, that of 'small' 230 MB: 16 bytes
    a parameter, which are weights, their average and AdamW's two moments,
    give 68.0 and 229.7. Names are meant to fit those weights but for
    ``mlp.dwconv.dwconv``, here ``mlp.dwconv``; this was not tried.

    Args:
        arch: 'tiny' or 'small', or a mapping; see :class:`GatedVAN`. Its
            ``embed_dims`` are the ``out_channels`` that a neck is told.
        stem_kernel_size: Side of the stem's kernel in pixels.
        stem_stride: Stride of the stem; 4 is the paper's, 1 keeps a 32-pixel
            image whole.
        out_indices: Stages whose outputs are returned, from 0.
        frozen_stages: Last stage that is not trained; -1 trains them all.
        drop_path_rate: Chance to leave out a branch of the last block.
        norm_cfg: Norm of blocks and embeddings; None is BN.
        init_cfg: Initialisation; None is He's normal one by fan-out.

    Raises:
        InputError: If an argument is out of range.
    """

    arch_settings: ClassVar[Mapping[str, Arch]] = {
        'tiny': dict(
            embed_dims=(32, 64, 160, 256),
            depths=(3, 3, 5, 2),
            ffn_ratios=(8, 8, 4, 4),
        ),
        'small': dict(
            embed_dims=(64, 128, 320, 512),
            depths=(2, 2, 4, 2),
            ffn_ratios=(8, 8, 4, 4),
        ),
    }

    def __init__(
        self,
        arch: str | Arch = 'tiny',
        stem_kernel_size: int = 7,
        stem_stride: int = 4,
        out_indices: Sequence[int] = (3,),
        frozen_stages: int = -1,
        drop_path_rate: float = 0.1,
        norm_cfg: Mapping[str, Any] | None = None,
        init_cfg: InitCfg = None,
    ) -> None:
        norm = dict(norm_cfg or {'type': 'BN'})

        def stem(channels: int) -> nn.Module:
            return embedding(3, channels, stem_kernel_size, stem_stride, norm)

        super().__init__(
            arch=arch,
            stem=stem,
            gate=LargeSelectiveKernel,
            out_indices=out_indices,
            frozen_stages=frozen_stages,
            drop_path_rate=drop_path_rate,
            norm_cfg=norm,
            init_cfg=init_cfg,
        )
