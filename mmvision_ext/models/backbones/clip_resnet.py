"""The ResNet image towers of CLIP as a backbone with several stages."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import torch
from mmengine.model import PretrainedInit, Sequential
from mmpretrain.models.backbones.base_backbone import BaseBackbone
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from mmvision_ext.registry import MODELS
from mmvision_ext.utils import InputError

from .clip_attention_pool import AttentionPool2d
from .clip_block import CLIPBottleneck
from .clip_weights import VISUAL, load_clip_tower

Arch = Mapping[str, Any]
InitCfg = Mapping[str, Any] | Sequence[Mapping[str, Any]] | None
_KEYS = ('layers', 'width', 'heads', 'embed_dim', 'image_size')
_STAGES = 4
_STRIDE = 32  # of the last stage, in pixels
_PRETRAINED = ('Pretrained', PretrainedInit)
_ALL = _STAGES + 1  # frozen_stages that includes the attention pooling
_POOLED = _STAGES  # of out_indices


def _arch(layers: tuple[int, ...], *rest: int) -> Arch:
    return dict(zip(_KEYS, (layers, *rest), strict=True))


@MODELS.register_module()
class CLIPResNet(BaseBackbone):
    """Image tower RN50, RN101, RN50x4, RN50x16 or RN50x64 of CLIP.

    Radford et al., "Learning Transferable Visual Models From Natural Language
    Supervision", ICML 2021, section 2.4 and tables 19 and 20: a stem of three
    convolutions, strides by average pooling, and a pooling by attention. The
    architectures are those of the OpenAI, open_clip and RemoteCLIP weights,
    and the layers have the names of these files.

    The weights come by ``init_cfg=dict(type='Pretrained', checkpoint=...)``
    from a state dict whose names begin with ``visual.``. ``prefix`` names
    another beginning: ``'backbone.'`` for a detector of this project, None
    for a tower by itself. All layers have to be there; the runner logs what
    was loaded, missing and not used. OpenAI's own files are TorchScript
    archives and are refused with the command that converts them.

    ======= ================== =================
    arch    channels of stages ``embed_dim``
    ======= ================== =================
    RN50    256 to 2048        1024
    RN101   256 to 2048        512
    RN50x4  320 to 2560        640
    RN50x16 384 to 3072        768
    RN50x64 512 to 4096        1024
    ======= ================== =================

    Args:
        arch: A name of the table, or a mapping with ``layers`` (blocks of the
            four stages), ``width`` (channels of the stem; the stages have 4,
            8, 16 and 32 times as many), ``heads`` (of the attention pooling),
            ``embed_dim`` (length of its result) and ``image_size`` (side in
            pixels that its position embedding is for).
        out_indices: Stages whose maps are returned, from 0 to 3, at strides
            4, 8, 16 and 32; 4 is the global feature, for classifiers.
        attention_pool: Whether there is the attention pooling that
            :meth:`global_feature` needs. The stages do without: leave it out
            where nothing uses it.
        frozen_stages: -1 for none; 0 for the stem; k for the stem and the
            first k stages; 5 for everything, the attention pooling included.
            Their BatchNorm keeps its statistics as well.
        norm_eval: Whether every BatchNorm keeps its statistics in training.
            Its scale and shift learn all the same where the stage is not
            frozen.
        with_cp: Whether the blocks are computed again in the backward pass,
            which saves memory.
        init_cfg: Initialisation; None is He's normal one, with zeros for the
            scale of the last norm of each block.

    Attributes:
        channels: Channels of what is returned, for the neck.
        embed_dim: Length of the global feature.

    Raises:
        InputError: If an argument is none of those named.

    Example:
        >>> import torch
        >>> tower = CLIPResNet('RN50', attention_pool=True)
        >>> maps = tower(torch.rand(1, 3, 64, 96))
        >>> [tuple(x.shape[1:]) for x in maps]
        [(256, 16, 24), (512, 8, 12), (1024, 4, 6), (2048, 2, 3)]
        >>> tuple(tower.global_feature(maps[-1]).shape)
        (1, 1024)
    """

    arch_settings: ClassVar[Mapping[str, Arch]] = {
        'RN50': _arch((3, 4, 6, 3), 64, 32, 1024, 224),
        'RN101': _arch((3, 4, 23, 3), 64, 32, 512, 224),
        'RN50x4': _arch((4, 6, 10, 6), 80, 40, 640, 288),
        'RN50x16': _arch((6, 8, 18, 8), 96, 48, 768, 384),
        'RN50x64': _arch((3, 15, 36, 10), 128, 64, 1024, 448),
    }

    def __init__(
        self,
        arch: str | Arch,
        out_indices: Sequence[int] = (0, 1, 2, 3),
        attention_pool: bool = False,
        frozen_stages: int = -1,
        norm_eval: bool = True,
        with_cp: bool = False,
        init_cfg: InitCfg = None,
    ) -> None:
        _check('frozen_stages', frozen_stages, range(-1, _ALL + 1))
        for index in out_indices:
            _check('out_indices', index, range(_STAGES + 1))
        super().__init__(_initialisation(init_cfg))
        settings = self._settings(arch)
        width = settings['width']
        self.out_indices = tuple(out_indices)
        self.frozen_stages = frozen_stages
        self.norm_eval = norm_eval
        self.embed_dim: int = settings['embed_dim']
        stages = [4 * width * 2**stage for stage in range(_STAGES)]
        self.channels = tuple(
            [*stages, self.embed_dim][index] for index in self.out_indices
        )
        self._add_stem(width)
        before = width
        for stage, blocks in enumerate(settings['layers']):
            layer = Sequential(
                *(
                    CLIPBottleneck(
                        stages[stage] if block else before,
                        width * 2**stage,
                        stride=2 if stage and not block else 1,
                        with_cp=with_cp,
                    )
                    for block in range(blocks)
                )
            )
            self.add_module(f'layer{stage + 1}', layer)
            before = stages[stage]
        self.attnpool = (
            AttentionPool2d(
                settings['image_size'] // _STRIDE,
                stages[-1],
                settings['heads'],
                self.embed_dim,
            )
            if attention_pool
            else None
        )
        self._freeze()

    def _settings(self, arch: str | Arch) -> Arch:
        """The numbers of an architecture."""
        if isinstance(arch, str):
            _check('arch', arch, tuple(self.arch_settings))
            return self.arch_settings[arch]
        sound = set(arch) == set(_KEYS) and len(arch['layers']) == _STAGES
        if not sound or (4 * 8 * arch['width']) % arch['heads']:
            raise InputError(
                f'model.backbone.arch: expected the keys {", ".join(_KEYS)}, '
                f'with {_STAGES} layers, and heads that divide 32 * width, '
                f'found {dict(arch)}'
            )
        return arch

    def _add_stem(self, width: int) -> None:
        """Three convolutions; strides 2, 1, 1, then a pooling by 2."""
        sizes = (3, width // 2, width // 2, width)
        for index in (1, 2, 3):
            convolution = nn.Conv2d(
                sizes[index - 1],
                sizes[index],
                3,
                stride=2 if index == 1 else 1,
                padding=1,
                bias=False,
            )
            self.add_module(f'conv{index}', convolution)
            self.add_module(f'bn{index}', nn.BatchNorm2d(sizes[index]))
        self.relu = nn.ReLU(inplace=True)
        self.avgpool = nn.AvgPool2d(2)

    def init_weights(self) -> None:
        """Initialise, or load the weights that ``init_cfg`` names.

        Raises:
            InputError: If the checkpoint cannot be used, see
                :func:`~.clip_weights.load_clip_tower`.
        """
        for entry in self.init_cfg:
            if entry['type'] in _PRETRAINED:
                load_clip_tower(self, entry['checkpoint'], entry['prefix'])
                self.is_init = True
                return
        super().init_weights()

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Compute the maps of the stages.

        Args:
            x: Normalised images, shape (N, 3, H, W).

        Returns:
            For each of ``out_indices`` a map, (N, channels[i], H / stride,
            W / stride) with strides 4, 8, 16 and 32 px; of index 4 the
            global feature, (N, embed_dim).

        Raises:
            InputError: If the global feature is asked for and there is no
                attention pooling.
        """
        for index in (1, 2, 3):
            norm = getattr(self, f'bn{index}')
            x = self.relu(norm(getattr(self, f'conv{index}')(x)))
        x = self.avgpool(x)
        maps = []
        for stage in range(_STAGES):
            x = getattr(self, f'layer{stage + 1}')(x)
            if stage in self.out_indices:
                maps.append(x)
        if _POOLED in self.out_indices:
            maps.append(self.global_feature(x))
        return tuple(maps)

    def global_feature(self, x: torch.Tensor) -> torch.Tensor:
        """Pool the last stage to the feature that CLIP compares with text.

        Args:
            x: Map of the last stage, (N, 32 * width, H, W), of any size: of
                whole images, or cut out for regions.

        Returns:
            Shape (N, embed_dim), not normalised.

        Raises:
            InputError: If the tower has no attention pooling.
        """
        if self.attnpool is None:
            raise InputError(
                'model.backbone: the global feature needs '
                'attention_pool=True, found False'
            )
        return self.attnpool(x)

    def position_features(self, x: torch.Tensor) -> torch.Tensor:
        """Bring every position of the last stage beside text.

        Args:
            x: Map of the last stage, (N, 32 * width, H, W).

        Returns:
            Shape (N, embed_dim, H, W), see
            :meth:`~.clip_attention_pool.AttentionPool2d.positionwise`.

        Raises:
            InputError: If the tower has no attention pooling.
        """
        if self.attnpool is None:
            raise InputError(
                'model.backbone: features of positions need '
                'attention_pool=True, found False'
            )
        return self.attnpool.positionwise(x)

    def train(self, mode: bool = True) -> 'CLIPResNet':
        """Set the mode; what is frozen stays in evaluation mode.

        Args:
            mode: True for training.

        Returns:
            The backbone.
        """
        super().train(mode)
        self._freeze()
        if mode and self.norm_eval:
            for module in self.modules():
                if isinstance(module, _BatchNorm):
                    module.eval()
        return self

    def _checkpoint_filter(
        self, state_dict: dict[str, Any], prefix: str, *_: Any
    ) -> None:
        """Let a classifier take a CLIP checkpoint for its own.

        mmpretrain's classifiers call it before they load.

        Args:
            state_dict: Name to tensor of any shape, changed in place.
            prefix: Of the classifier in a larger model.
        """
        for name in [n for n in state_dict if n.startswith(VISUAL)]:
            own = name.removeprefix(VISUAL)
            state_dict[f'{prefix}backbone.{own}'] = state_dict.pop(name)

    def _freeze(self) -> None:
        """Stop the gradients and statistics of the frozen stages."""
        frozen: list[nn.Module | None] = []
        if self.frozen_stages >= 0:
            for index in (1, 2, 3):
                frozen.append(getattr(self, f'conv{index}'))
                frozen.append(getattr(self, f'bn{index}'))
        for stage in range(min(self.frozen_stages, _STAGES)):
            frozen.append(getattr(self, f'layer{stage + 1}'))
        if self.frozen_stages == _ALL:
            frozen.append(self.attnpool)
        for module in frozen:
            if module is not None:
                module.eval().requires_grad_(False)


def _initialisation(init_cfg: InitCfg) -> list[dict[str, Any]]:
    """What was asked for, with the usual prefix; else He's."""
    if not init_cfg:
        return [
            dict(type='Kaiming', layer='Conv2d'),
            dict(type='Constant', val=1, layer='_BatchNorm'),
        ]
    given = [init_cfg] if isinstance(init_cfg, Mapping) else init_cfg
    entries = [dict(entry) for entry in given]
    for entry in entries:
        if entry['type'] in _PRETRAINED:
            entry.setdefault('prefix', VISUAL)
    return entries


def _check(key: str, found: Any, allowed: Sequence) -> None:
    if found not in allowed:
        raise InputError(
            f'model.backbone.{key}: expected one of '
            f'{", ".join(map(str, allowed))}, found {found!r}'
        )
