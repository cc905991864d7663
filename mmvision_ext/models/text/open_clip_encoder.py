"""The text towers of open_clip."""

from collections.abc import Sequence
from typing import Any

import torch

from mmvision_ext.registry import MODELS
from mmvision_ext.utils import InputError

from .clip_activation import activation_of
from .encoder import TextEncoder
from .open_clip_package import open_clip_package
from .open_clip_weights import (
    build_open_clip,
    find_weights,
    load_open_clip,
)


@MODELS.register_module()
class OpenCLIPTextEncoder(TextEncoder):
    """Text tower of any CLIP architecture of open_clip, in float32.

    Radford et al., "Learning Transferable Visual Models From Natural Language
    Supervision", ICML 2021; weights of OpenAI, open_clip or RemoteCLIP. See
    :mod:`~mmvision_ext.models.text.clip_activation` for the choice between
    ``RN50`` and ``RN50-quickgelu``.

    Args:
        architecture: A name of ``open_clip.list_models()``.
        weights: A file (a state dict of ``torch.save``, or safetensors) or a
            tag of open_clip, such as ``'openai'``. None is random, for tests.
        device: Where it computes, such as ``'cuda'``.

    Raises:
        InputError: If the architecture is unknown, or the weights cannot be
            had, are of another architecture or want another activation.
    """

    def __init__(
        self,
        architecture: str,
        weights: str | None = None,
        device: str = 'cpu',
    ) -> None:
        model: Any
        if weights is None:
            model = build_open_clip(architecture)
            origin = 'random'
        else:
            path, self.sha256 = find_weights(architecture, weights)
            model = load_open_clip(architecture, path)
            origin = f'sha256 {self.sha256[:12]}'
            self.logit_scale = model.logit_scale.exp().item()
        self.encoder = (
            f'open_clip {architecture} ({activation_of(architecture)}), '
            f'{origin}'
        )
        self.model = model.to(device).eval().requires_grad_(False)
        self.device = device
        self.tokenize = _tokenizer(architecture)

    def embed(self, sentences: Sequence[str]) -> torch.Tensor:
        """Embed sentences.

        Args:
            sentences: N sentences; what goes beyond the tower's context (77
                tokens) is cut off.

        Returns:
            float32 (N, D), of any length.
        """
        tokens = self.tokenize(list(sentences)).to(self.device)
        with torch.no_grad():
            return self.model.encode_text(tokens)

    def image_tower(self) -> dict[str, torch.Tensor]:
        """The image tower that belongs to it.

        Returns:
            Its weights by name, from ``visual.`` on, as
            :class:`~mmvision_ext.models.backbones.OpenCLIPImageTower` and
            :class:`~mmvision_ext.models.backbones.CLIPResNet` load them.
        """
        return {
            name: value
            for name, value in self.model.state_dict().items()
            if name.startswith('visual.')
        }


def _tokenizer(architecture: str) -> Any:
    try:
        return open_clip_package().get_tokenizer(architecture)
    except Exception as error:  # those of Hugging Face are fetched
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise InputError(
            f"architecture '{architecture}': its tokenizer cannot be had "
            f'({reason}). It comes from Hugging Face: pip install '
            '"transformers<5", and run once where there is a network.'
        ) from error
