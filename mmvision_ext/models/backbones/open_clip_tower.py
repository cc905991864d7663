"""Image towers of open_clip as a backbone."""

from collections.abc import Mapping
from typing import Any

import torch
from mmengine.model import BaseModule, PretrainedInit

from mmvision_ext.models.full_precision import full_precision
from mmvision_ext.models.text.open_clip_weights import build_open_clip
from mmvision_ext.registry import MODELS

from .clip_weights import VISUAL, load_clip_tower

#: The smallest text tower; open_clip builds none without one.
_NO_TEXT = dict(context_length=1, vocab_size=1, width=64, heads=1, layers=1)


@MODELS.register_module()
class OpenCLIPImageTower(BaseModule):
    """Image tower of any CLIP architecture of open_clip, in float32.

    Radford et al., "Learning Transferable Visual Models From Natural Language
    Supervision", ICML 2021. It gives the embedding that text embeddings of the
    same weights compare with, and nothing else; for maps of several stages
    take :class:`CLIPResNet`.

    The weights come by ``init_cfg=dict(type='Pretrained', checkpoint=...)``
    from a state dict whose names begin with ``visual.``: RemoteCLIP's or
    open_clip's, or what ``tools/model_converters/encode_text.py --tower``
    writes. A classifier with this backbone loads such a file as its own
    checkpoint as well, so that ``tools/test.py`` takes it for zero-shot use.

    Args:
        architecture: A name of ``open_clip.list_models()``. Of ResNets
            ``RN50`` and ``RN50-quickgelu`` have the same image tower; of ViTs
            the weights decide, see
            :mod:`~mmvision_ext.models.text.clip_activation`.
        frozen: Whether it learns nothing: no gradient, and BatchNorm and
            dropout as in testing.
        init_cfg: Initialisation; None is random.

    Raises:
        InputError: If the architecture is unknown.
    """

    def __init__(
        self,
        architecture: str,
        frozen: bool = False,
        init_cfg: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        self.visual: Any = build_open_clip(architecture, _NO_TEXT).visual
        self.frozen = frozen
        self.visual.requires_grad_(not frozen)

    def init_weights(self) -> None:
        """Load the weights that ``init_cfg`` names, all of the tower.

        Raises:
            InputError: If they cannot be read, or are of another tower.
        """
        init_cfg = self.init_cfg or {}
        if init_cfg.get('type') in ('Pretrained', PretrainedInit):
            load_clip_tower(
                self.visual,
                init_cfg['checkpoint'],
                init_cfg.get('prefix') or VISUAL,
            )

    def train(self, mode: bool = True) -> 'OpenCLIPImageTower':
        """Switch between training and testing; a frozen tower stays.

        Args:
            mode: Whether to train.

        Returns:
            Itself.
        """
        return super().train(mode and not self.frozen)

    def forward(self, inputs: torch.Tensor) -> tuple[torch.Tensor]:
        """Embed images.

        Args:
            inputs: RGB with CLIP's normalisation, at the image size of the
                architecture, (N, 3, H, W).

        Returns:
            Embeddings, not normalised, float32 (N, D).
        """
        with full_precision(inputs):
            found = self.visual(inputs.float())
        return (found[0] if isinstance(found, tuple) else found,)

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
            state_dict[f'{prefix}backbone.{name}'] = state_dict.pop(name)
