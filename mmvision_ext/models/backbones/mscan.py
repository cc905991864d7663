"""The encoder of SegNeXt."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from torch import nn

from mmvision_ext.models.layers.multi_scale_attention import (
    MultiScaleAttention,
)
from mmvision_ext.registry import MODELS

from .gated_van import Arch, GatedVAN, InitCfg, embedding


@MODELS.register_module()
class MSCAN(GatedVAN):
    """Multi-scale convolutional attention network.

    Guo et al. 2022, `SegNeXt <https://arxiv.org/abs/2209.08575>`_: the blocks
    of :class:`GatedVAN` with :class:`MultiScaleAttention`, behind a stem of
    two 3x3 convolutions. Parameters without a head, with ImageNet's linear
    layer of 1000 classes, and as the paper's table of ImageNet results has
    them:

    ======  ==========  ==========  ======
    tiny     3,903,584   4,160,584   4.2 M
    small   13,450,176  13,963,176  14.0 M
    base    26,277,824  26,790,824  26.8 M
    large   44,636,864  45,149,864  45.2 M
    ======  ==========  ==========  ======

    The paper shows the layers in its figures 2 and 3; what it leaves open
    (layer scale of 0.01, LayerNorm after a stage, initialisation) is as in
    `VAN <https://arxiv.org/abs/2202.09741>`_, on which it builds. Names are
    meant to fit the published weights but for ``mlp.dwconv.dwconv``, here
    ``mlp.dwconv``; this was not tried on the files.

    In bfloat16 on a CPU, oneDNN (PyTorch 2.11) never returns from the 1x21
    convolution where a map is 32 px wide or more and has at most 16 channels.

    Args:
        arch: 'tiny', 'small', 'base' or 'large', or a mapping; see
            :class:`GatedVAN`. Its ``embed_dims`` are the ``out_channels``
            that a neck is told.
        stem_strides: Strides of the stem's two convolutions; (2, 2) is the
            paper's, (1, 1) keeps a 32-pixel image whole.
        out_indices: Stages whose outputs are returned, from 0.
        frozen_stages: Last stage that is not trained; -1 trains them all.
        drop_path_rate: Chance to leave out a branch of the last block.
        norm_cfg: Norm of stem, blocks and embeddings; None is BN.
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
        'base': dict(
            embed_dims=(64, 128, 320, 512),
            depths=(3, 3, 12, 3),
            ffn_ratios=(8, 8, 4, 4),
        ),
        'large': dict(
            embed_dims=(64, 128, 320, 512),
            depths=(3, 5, 27, 3),
            ffn_ratios=(8, 8, 4, 4),
        ),
    }

    def __init__(
        self,
        arch: str | Arch = 'tiny',
        stem_strides: tuple[int, int] = (2, 2),
        out_indices: Sequence[int] = (3,),
        frozen_stages: int = -1,
        drop_path_rate: float = 0.1,
        norm_cfg: Mapping[str, Any] | None = None,
        init_cfg: InitCfg = None,
    ) -> None:
        norm = dict(norm_cfg or {'type': 'BN'})

        def stem(channels: int) -> nn.Module:
            half, (first, second) = channels // 2, stem_strides
            return nn.Sequential(
                OrderedDict(
                    proj=nn.Sequential(
                        *embedding(3, half, 3, first, norm),
                        nn.GELU(),
                        *embedding(half, channels, 3, second, norm),
                    )
                )
            )

        super().__init__(
            arch=arch,
            stem=stem,
            gate=MultiScaleAttention,
            out_indices=out_indices,
            frozen_stages=frozen_stages,
            drop_path_rate=drop_path_rate,
            norm_cfg=norm,
            init_cfg=init_cfg,
        )
