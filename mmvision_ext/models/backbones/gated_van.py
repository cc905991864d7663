"""Backbones that differ from VAN in the gate of their blocks."""

import copy
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import torch
from mmcv.cnn import build_norm_layer
from mmpretrain.models.backbones.base_backbone import BaseBackbone
from mmpretrain.models.backbones.van import VANBlock
from torch import nn

from mmvision_ext.models.layers.fan_out_init import init_convolutions
from mmvision_ext.utils import InputError

Arch = Mapping[str, Sequence[int]]
InitCfg = Mapping[str, Any] | Sequence[Mapping[str, Any]] | None
_KEYS = ('embed_dims', 'depths', 'ffn_ratios')


class GatedBlock(VANBlock):
    """A block of VAN with another module in place of its large kernel.

    Args:
        channels: Channels in and out.
        gate: Makes the module for that number of channels; it keeps the
            shape of its input.
        kwargs: Further arguments of mmpretrain's ``VANBlock``.
    """

    def __init__(
        self, channels: int, gate: Callable[[int], nn.Module], **kwargs: Any
    ) -> None:
        super().__init__(channels, **kwargs)
        self.attn.spatial_gating_unit = gate(channels)


class GatedVAN(BaseBackbone):
    """Base of the backbones with VAN's layout, such as SegNeXt's and LSKNet.

    Each stage is an embedding that shrinks the map (convolution and norm),
    blocks (norm, 1x1 convolution, GELU, gate, 1x1 convolution; norm,
    feed-forward layer with a depthwise 3x3 convolution; both with layer scale
    and a shortcut) and a LayerNorm, whose output the next stage takes.

    ``arch_settings`` of a subclass holds the published architectures.

    Args:
        arch: Name of a published architecture, or a mapping with
            ``embed_dims`` (channels), ``depths`` (blocks) and ``ffn_ratios``
            (hidden channels of the feed-forward layer over channels), one
            number a stage each.
        stem: The first embedding: (N, 3, H, W) to (N, embed_dims[0], ...).
        gate: Makes the gate for a number of channels.
        out_indices: Stages whose outputs are returned, from 0.
        frozen_stages: Last stage that is not trained; -1 trains them all.
        drop_path_rate: Chance that a residual branch of the last block is
            left out in training, in [0, 1); it rises linearly from 0.
        norm_cfg: Norm of blocks and embeddings.
        init_cfg: Initialisation; None is He's normal one by fan-out.

    Raises:
        InputError: If an argument is out of range.
    """

    arch_settings: ClassVar[Mapping[str, Arch]] = {}

    def __init__(
        self,
        arch: str | Arch,
        stem: Callable[[int], nn.Module],
        gate: Callable[[int], nn.Module],
        out_indices: Sequence[int],
        frozen_stages: int,
        drop_path_rate: float,
        norm_cfg: Mapping[str, Any],
        init_cfg: InitCfg,
    ) -> None:
        super().__init__(copy.deepcopy(init_cfg))
        self.embed_dims, depths, ratios = self._checked_arch(arch)
        self.num_stages = len(depths)
        self.out_indices = tuple(out_indices)
        self.frozen_stages = frozen_stages
        self._check(drop_path_rate)
        steps = max(sum(depths) - 1, 1)
        rates = [drop_path_rate * i / steps for i in range(sum(depths))]
        for stage, channels in enumerate(self.embed_dims):
            embed = (
                embedding(self.embed_dims[stage - 1], channels, 3, 2, norm_cfg)
                if stage
                else stem(channels)
            )
            blocks = [
                GatedBlock(
                    channels,
                    gate,
                    ffn_ratio=ratios[stage],
                    drop_path_rate=rates.pop(0),
                    norm_cfg=dict(norm_cfg),
                )
                for _ in range(depths[stage])
            ]
            self.add_module(f'patch_embed{stage + 1}', embed)
            self.add_module(f'block{stage + 1}', nn.Sequential(*blocks))
            self.add_module(f'norm{stage + 1}', nn.LayerNorm(channels, 1e-6))
        self._freeze()

    def _checked_arch(self, arch: str | Arch) -> tuple[list[int], ...]:
        """Channels, blocks and ratios of the stages."""
        name = type(self).__name__
        if isinstance(arch, str):
            if arch not in self.arch_settings:
                raise InputError(
                    f'{name}.arch: expected one of '
                    f'{", ".join(self.arch_settings)}, or a dict, found '
                    f'{arch!r}'
                )
            arch = self.arch_settings[arch]
        if set(arch) != set(_KEYS):
            raise InputError(
                f'{name}.arch: expected the keys {", ".join(_KEYS)}, found '
                f'{", ".join(arch)}'
            )
        settings = tuple(list(arch[key]) for key in _KEYS)
        if (
            not settings[0]
            or len(set(map(len, settings))) > 1
            or min(map(min, settings)) < 1
        ):
            raise InputError(
                f'{name}.arch: expected positive numbers, one a stage in '
                f'each of {", ".join(_KEYS)}, found {dict(arch)}'
            )
        return settings

    def _check(self, drop_path_rate: float) -> None:
        name, last = type(self).__name__, self.num_stages - 1
        if not self.out_indices or not all(
            0 <= index <= last for index in self.out_indices
        ):
            raise InputError(
                f'{name}.out_indices: expected stages from 0 to {last}, '
                f'found {self.out_indices}'
            )
        if not -1 <= self.frozen_stages <= last:
            raise InputError(
                f'{name}.frozen_stages: expected -1 to {last}, found '
                f'{self.frozen_stages}'
            )
        if not 0 <= drop_path_rate < 1:
            raise InputError(
                f'{name}.drop_path_rate: expected a number in [0, 1), found '
                f'{drop_path_rate}'
            )

    def _stage(self, stage: int) -> list[nn.Module]:
        """Embedding, blocks and norm of a stage."""
        return [
            self.get_submodule(f'{part}{stage + 1}')
            for part in ('patch_embed', 'block', 'norm')
        ]

    def _freeze(self) -> None:
        for stage in range(self.frozen_stages + 1):
            for module in self._stage(stage):
                module.eval().requires_grad_(False)

    def init_weights(self) -> None:
        """Initialise as ``init_cfg`` says, without one by fan-out."""
        first = not self.is_init
        super().init_weights()
        if first and self.init_cfg is None:
            init_convolutions(self)

    def train(self, mode: bool = True) -> 'GatedVAN':
        """Switch between training and evaluation; frozen stages stay.

        Args:
            mode: Whether to train.

        Returns:
            The backbone.
        """
        super().train(mode)
        self._freeze()
        return self

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Compute feature maps.

        Args:
            x: Images, (N, 3, H, W).

        Returns:
            For each of ``out_indices`` a map (N, embed_dims[i], H / s,
            W / s), rounded up; s is the product of the strides up to stage i.
        """
        outputs = []
        for stage in range(self.num_stages):
            embed, blocks, norm = self._stage(stage)
            x = blocks(embed(x))
            # A view under channels_last, as which most of the map is stored.
            x = norm(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
            if stage in self.out_indices:
                outputs.append(x)
        return tuple(outputs)


def embedding(
    in_channels: int,
    channels: int,
    kernel_size: int,
    stride: int,
    norm_cfg: Mapping[str, Any],
) -> nn.Sequential:
    """Overlapping patch embedding: a strided convolution and a norm.

    Args:
        in_channels: Channels in.
        channels: Channels out.
        kernel_size: Side of the kernel in pixels, odd.
        stride: Stride in pixels.
        norm_cfg: Norm.

    Returns:
        A module from (N, in_channels, H, W) to (N, channels, H / stride,
        W / stride), rounded up.

    Raises:
        InputError: If the kernel is even or less than the stride.
    """
    if kernel_size % 2 == 0 or not 1 <= stride <= kernel_size:
        raise InputError(
            'embedding: expected an odd kernel and a stride from 1 to its '
            f'size, found kernel {kernel_size} and stride {stride}'
        )
    return nn.Sequential(
        OrderedDict(
            proj=nn.Conv2d(
                in_channels, channels, kernel_size, stride, kernel_size // 2
            ),
            norm=build_norm_layer(dict(norm_cfg), channels)[1],
        )
    )
