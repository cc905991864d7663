"""Attributes by the cosine between an image and their descriptions."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from mmvision_ext.models.text import TextEmbeddings, read_embeddings
from mmvision_ext.registry import MODELS
from mmvision_ext.utils import InputError

from .attribute_head import AttributeHeadBase
from .cosine_logits import CosineLogits


@MODELS.register_module()
class TextAttributeHead(AttributeHeadBase):
    """Classify by text embeddings of each attribute and of its opposite.

    With an image feature x, the embeddings t+ ("an object made of metal") and
    t- ("an object not made of metal") of an attribute::

        logit = scale * (cos(x, t+) - cos(x, t-) - bias)

    so that without a bias the score, its sigmoid, is the softmax over the two
    descriptions: the zero-shot classifier of Radford et al., "Learning
    Transferable Visual Models From Natural Language Supervision", ICML 2021,
    with two classes for each attribute. With ``use_absent=False`` the middle
    term is 0: the scores rank images by each attribute, but are no
    probabilities, and a threshold has to be calibrated. Untrained it needs
    ``temperature=1``: CLIP's cosines are around 0.2, and the sigmoid of 20 is
    1 in float32, which leaves nothing to rank.

    The text embeddings are no parameters. They come from an embedding file
    before the first use, in the order of the data where
    :class:`~mmvision_ext.engine.hooks.AttributeNamesHook` says what that is,
    else in that of the file. A checkpoint of this head holds them, so that
    a trained model needs no file.

    Args:
        num_classes: Number of attributes, A.
        in_channels: Channels of the backbone's embedding, C.
        embeddings: The embedding file of
            ``tools/model_converters/encode_text.py``.
        text_channels: Dimension of its embeddings, D; None is C.
        project: Whether a linear layer without bias, C to D, comes first; it
            begins as the identity where C is D. Needed where C is not D.
        use_absent: Whether the opposites are used; the file has to have them.
        temperature: Inverse of the scale to begin with, at least 0.01, which
            is what CLIP's training ends with. The scale is learned.
        bias: Whether each attribute has a bias, learned from 0.
        loss: As for :class:`AttributeHeadBase`.
        init_cfg: Initialisation; None keeps PyTorch's.

    Raises:
        InputError: If a number is out of range, or C is not D and nothing
            projects.
    """

    def __init__(
        self,
        num_classes: int,
        in_channels: int,
        embeddings: str,
        text_channels: int | None = None,
        project: bool = False,
        use_absent: bool = True,
        temperature: float = 0.01,
        bias: bool = True,
        loss: Mapping[str, Any] | None = None,
        init_cfg: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(num_classes, in_channels, 0.0, False, loss, init_cfg)
        width = in_channels if text_channels is None else text_channels
        if width < 1 or (width != in_channels and not project):
            raise InputError(
                'TextAttributeHead: expected text_channels to be in_channels, '
                f'or project=True, found {width} and {in_channels}'
            )
        self.embeddings = embeddings
        self.projection = (
            nn.Linear(in_channels, width, bias=False) if project else None
        )
        if self.projection is not None and width == in_channels:
            nn.init.eye_(self.projection.weight)
        self.cosine = CosineLogits(temperature)
        self.bias = nn.Parameter(torch.zeros(num_classes)) if bias else None
        self.present: torch.Tensor
        self.absent: torch.Tensor | None
        empty = torch.full((num_classes, width), torch.nan)
        self.register_buffer('present', empty)
        self.register_buffer('absent', empty.clone() if use_absent else None)
        self._filled = False

    def set_names(self, names: Sequence[str]) -> None:
        """Take the embeddings of the data's attributes, in their order.

        Those of a checkpoint stay.

        Args:
            names: The A attributes.

        Raises:
            InputError: If the file cannot be used, or lacks one of them.
        """
        if not self._filled:
            found = read_embeddings(self.embeddings)
            self.use(found.select(names, self.embeddings))

    def use(self, found: TextEmbeddings) -> None:
        """Take embeddings.

        Args:
            found: Of the A attributes, in the order of the labels.

        Raises:
            InputError: If they are of another number or dimension, or lack
                opposites.
        """
        expected = tuple(self.present.shape)
        if tuple(found.features.shape) != expected:
            raise InputError(
                f'{self.embeddings}: expected text embeddings {expected}, '
                '(model.head.num_classes, model.head.text_channels or '
                f'in_channels), found {tuple(found.features.shape)} of '
                f'{found.encoder}'
            )
        if self.absent is not None and found.absent is None:
            raise InputError(
                f'{self.embeddings}: expected embeddings of opposites, found '
                'none. Set model.head.use_absent=False, or take a vocabulary '
                'with opposites.'
            )
        self.present.copy_(found.features)
        if self.absent is not None and found.absent is not None:
            self.absent.copy_(found.absent)
        self._filled = True

    def pre_logits(self, feats: Sequence[torch.Tensor]) -> torch.Tensor:
        """The image embeddings in the space of the texts.

        Args:
            feats: Outputs of the backbone; the last, (N, C), is used.

        Returns:
            Length 1, float32 (N, D).

        Raises:
            InputError: If the last output has another shape.
        """
        embedding = self.features(feats)
        if self.projection is not None:
            embedding = self.projection(embedding)
        return F.normalize(embedding.float(), dim=1)

    def forward(self, feats: Sequence[torch.Tensor]) -> torch.Tensor:
        """Compute the logits.

        Args:
            feats: Outputs of the backbone; the last, (N, C), is used.

        Returns:
            Logits, float32 (N, A).

        Raises:
            InputError: If the embedding file is needed and cannot be used.
        """
        if not self._filled:
            self.use(read_embeddings(self.embeddings))
        embedding = self.pre_logits(feats)
        logits = self.cosine(embedding, self.present)
        if self.absent is not None:
            logits = logits - self.cosine(embedding, self.absent)
        if self.bias is not None:
            logits = logits - self.cosine.scale * self.bias
        return logits

    def _load_from_state_dict(
        self, state_dict: dict[str, Any], prefix: str, *args: Any
    ) -> None:
        """Note whether a checkpoint brings the embeddings."""
        super()._load_from_state_dict(state_dict, prefix, *args)
        if f'{prefix}present' in state_dict:
            self._filled = not bool(self.present.isnan().any())
