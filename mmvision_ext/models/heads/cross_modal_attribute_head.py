"""Attributes from an image and from those that are known already."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import torch
from mmpretrain.structures import DataSample
from torch import nn
from torch.nn import functional as F

from mmvision_ext.registry import MODELS
from mmvision_ext.utils import InputError

from .attribute_head import AttributeHeadBase
from .attribute_labels import stack_known


def draw_hidden(mask: torch.Tensor, hide_all: float) -> torch.Tensor:
    """Draw the labels that a training step hides.

    The draw knows which entries have a label, not what the labels are. Of a
    sample all labels are hidden with probability ``hide_all``, else each with
    a probability that is drawn for the sample, uniformly from [0, 1].

    Args:
        mask: bool (N, A), True where an entry has a label.
        hide_all: Probability, in [0, 1].

    Returns:
        bool (N, A), True where a label is hidden.
    """
    count, device = len(mask), mask.device
    share = torch.rand(count, 1, device=device)
    whole = torch.rand(count, 1, device=device) < hide_all
    hidden = (torch.rand(mask.shape, device=device) < share) | whole
    return hidden & mask


@MODELS.register_module()
class CrossModalAttributeHead(AttributeHeadBase):
    """Predict attributes from image features and from known attributes.

    The two branches give an embedding each; their fusion is classified::

        image features (N, C)     -> visual_projection  -> (N, E) -+
                                                                   fusion ->
        known attributes (N, A)   -> attribute_encoder  -> (N, E) -+
                                                         classifier -> (N, A)

    Known attributes are 1 (present), -1 (absent) and 0 (unknown), so that the
    encoder has A inputs, and zeros say that nothing is known.

    Training is masked label modelling (as Lanchantin et al., "General
    Multi-label Image Classification with Transformers", CVPR 2021): a random
    part of the labels is hidden, the rest is what is known, and the loss is
    over the hidden ones alone, so that no label contributes to its own
    prediction. Testing reads no labels: nothing is known unless data samples
    have ``known_attributes`` or ``known`` is given.

    An alignment loss brings the embeddings of an image and of its known
    attributes together. It sees what the attribute branch sees, and passes
    over samples of which nothing is known.

    Args:
        num_classes: Number of attributes, A.
        in_channels: Channels of the backbone's pooled features, C.
        embed_channels: Width of the embeddings, E.
        hidden_channels: Width of the classifier's layer between.
        dropout: Probability of dropout after each layer that is followed by
            another, in [0, 1).
        hide_all: Probability that a training sample shows no label, as in
            testing, in [0, 1].
        prior_bias: As for :class:`AttributeHeadBase`.
        loss: As for :class:`AttributeHeadBase`.
        alignment: Config of the alignment loss, with its weight; None is
            without.
        init_cfg: Initialisation; None keeps PyTorch's.

    Raises:
        InputError: If a number is out of range.
    """

    def __init__(
        self,
        num_classes: int,
        in_channels: int,
        embed_channels: int = 512,
        hidden_channels: int = 256,
        dropout: float = 0.3,
        hide_all: float = 0.5,
        prior_bias: bool = False,
        loss: Mapping[str, Any] | None = None,
        alignment: Mapping[str, Any] | None = None,
        init_cfg: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(
            num_classes, in_channels, dropout, prior_bias, loss, init_cfg
        )
        if min(embed_channels, hidden_channels) < 1:
            raise InputError(
                'CrossModalAttributeHead: expected embed_channels and '
                f'hidden_channels of at least 1, found {embed_channels} and '
                f'{hidden_channels}'
            )
        if not 0 <= hide_all <= 1:
            raise InputError(
                'CrossModalAttributeHead: expected hide_all in [0, 1], found '
                f'{hide_all}'
            )
        self.hide_all = hide_all
        self.visual_projection = _two_layers(
            in_channels, embed_channels, embed_channels, dropout
        )
        self.attribute_encoder = _two_layers(
            num_classes, embed_channels, embed_channels, dropout
        )
        self.fusion = nn.Sequential(
            nn.Linear(2 * embed_channels, embed_channels),
            nn.ReLU(),
            nn.Dropout(dropout),
        )
        self.classifier = _two_layers(
            embed_channels, hidden_channels, num_classes, dropout
        )
        self.alignment = MODELS.build(dict(alignment)) if alignment else None

    @property
    def last_layer(self) -> nn.Linear:
        """The layer that gives the logits, with a bias (A,)."""
        return cast(nn.Linear, self.classifier[-1])

    def embed_images(self, feats: Sequence[torch.Tensor]) -> torch.Tensor:
        """Embed images.

        Args:
            feats: Outputs of the neck; the last, (N, C), is used.

        Returns:
            Shape (N, E), not normalised.
        """
        return self.visual_projection(self.features(feats))

    def embed_attributes(self, known: torch.Tensor) -> torch.Tensor:
        """Embed known attributes.

        Args:
            known: 1 present, -1 absent, 0 unknown, (N, A).

        Returns:
            Shape (N, E), not normalised.

        Raises:
            InputError: If the shape is another.
        """
        if known.ndim != 2 or known.shape[1] != self.num_classes:
            raise InputError(
                'known: expected a tensor (N, '
                f'{self.num_classes}), 1 present, -1 absent, 0 unknown, found '
                f'shape {tuple(known.shape)}'
            )
        return self.attribute_encoder(known)

    def attribute_similarity(
        self, feats: Sequence[torch.Tensor]
    ) -> torch.Tensor:
        """Compare images with each attribute by itself, for retrieval.

        Args:
            feats: Outputs of the neck; the last, (N, C), is used.

        Returns:
            Cosine of the embeddings of image and attribute, in [-1, 1],
            (N, A).
        """
        images = F.normalize(self.embed_images(feats))
        single = torch.eye(
            self.num_classes, device=images.device, dtype=images.dtype
        )
        return images @ F.normalize(self.embed_attributes(single)).T

    def pre_logits(
        self, feats: Sequence[torch.Tensor], known: torch.Tensor | None = None
    ) -> torch.Tensor:
        """The activations before the last layer.

        Args:
            feats: Outputs of the neck; the last, (N, C), is used.
            known: 1 present, -1 absent, 0 unknown, (N, A), or (1, A) for
                all images; None knows nothing.

        Returns:
            Shape (N, hidden_channels), not negative.

        Raises:
            InputError: If what is known has another shape.
        """
        visual = self.embed_images(feats)
        if known is None:
            known = visual.new_zeros(visual.shape[0], self.num_classes)
        elif known.ndim == 2:
            if len(known) not in (1, len(visual)):
                raise InputError(
                    f'known: expected 1 row for all of the {len(visual)} '
                    'images, or a row for each, found shape '
                    f'{tuple(known.shape)}'
                )
            known = known.expand(len(visual), -1)
        return self._fused(visual, self.embed_attributes(known))

    def forward(
        self, feats: Sequence[torch.Tensor], known: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Compute the logits.

        Args:
            feats: Outputs of the neck; the last, (N, C), is used.
            known: 1 present, -1 absent, 0 unknown, (N, A), or (1, A) for
                all images; None knows nothing.

        Returns:
            Logits, (N, A).

        Raises:
            InputError: If what is known has another shape.
        """
        return self.classifier[-1](self.pre_logits(feats, known))

    def loss(
        self,
        feats: Sequence[torch.Tensor],
        data_samples: list[DataSample],
        **kwargs: Any,
    ) -> dict[str, torch.Tensor]:
        """Hide labels and compute the loss of the hidden ones.

        Args:
            feats: Outputs of the neck; the last, (N, C), is used.
            data_samples: N samples with ``gt_score`` (A,) and, where not
                every entry is known, ``gt_mask``, bool (A,).
            kwargs: Further arguments of the loss.

        Returns:
            ``loss_attributes``, and ``loss_alignment`` where there is one,
            scalars.

        Raises:
            InputError: If labels are malformed, or the loss lacks counts.
        """
        targets, mask = self.labels(data_samples)
        hidden = draw_hidden(mask, self.hide_all)
        signs = 2 * targets - 1
        known = torch.where(mask & ~hidden, signs, torch.zeros_like(signs))
        visual = self.embed_images(feats)
        attributes = self.embed_attributes(known)
        logits = self.classifier[-1](self._fused(visual, attributes))
        losses = {
            'loss_attributes': self.loss_module(
                logits, targets, hidden, **kwargs
            )
        }
        if self.alignment is not None:
            losses['loss_alignment'] = self._align(visual, attributes, known)
        return losses

    def predict(
        self,
        feats: Sequence[torch.Tensor],
        data_samples: list[DataSample] | None = None,
        known: torch.Tensor | None = None,
    ) -> list[DataSample]:
        """Compute probabilities. Labels of the samples are not read.

        Args:
            feats: Outputs of the neck; the last, (N, C), is used.
            data_samples: N samples; ``known_attributes`` (A,) of them, 1
                present, -1 absent, 0 unknown, are what is known.
            known: The same in their place, (N, A), or (1, A) for all images.

        Returns:
            N samples with ``pred_score``, (A,), in which known attributes
            have 1 or 0, and ``pred_label``, the indices of scores of at least
            0.5. With an alignment loss also ``attribute_similarity``, (A,),
            see :meth:`attribute_similarity`.

        Raises:
            InputError: If what is known has another shape or other values.
        """
        if known is None and data_samples is not None:
            known = stack_known(data_samples, self.num_classes)
        logits = self(feats, known)
        if known is not None:
            if (
                known.dtype == torch.bool
                or not ((known == known.sign()) & known.isfinite()).all()
            ):
                raise InputError(
                    'known: expected 1 (present), -1 (absent) and 0 '
                    f'(unknown), found {known.dtype} with other values or '
                    'meaning. mmvision_ext.models.heads.known_vector makes '
                    'it from names.'
                )
            certain = torch.full_like(logits, torch.inf) * known.sign()
            logits = torch.where(known != 0, certain, logits)
        found = self._get_predictions(logits, data_samples)
        if self.alignment is not None:
            similarity = self.attribute_similarity(feats)
            for sample, row in zip(found, similarity, strict=True):
                sample.set_field(
                    row, 'attribute_similarity', dtype=torch.Tensor
                )
        return found

    def _fused(
        self, visual: torch.Tensor, attributes: torch.Tensor
    ) -> torch.Tensor:
        """Embeddings (N, E) to (N, hidden_channels)."""
        both = torch.cat([F.relu(visual), F.relu(attributes)], dim=1)
        return self.classifier[:-1](self.fusion(both))

    def _align(
        self,
        visual: torch.Tensor,
        attributes: torch.Tensor,
        known: torch.Tensor,
    ) -> torch.Tensor:
        """Alignment loss of the samples of which something is known."""
        assert self.alignment is not None
        some = (known != 0).any(dim=1)
        rows = known[some]
        same = (rows[:, None] == rows[None]).all(dim=2)
        return self.alignment(visual[some], attributes[some], same)


def _two_layers(
    inputs: int, hidden: int, outputs: int, dropout: float
) -> nn.Sequential:
    """Two fully connected layers, with biases and without normalisation."""
    return nn.Sequential(
        nn.Linear(inputs, hidden),
        nn.ReLU(),
        nn.Dropout(dropout),
        nn.Linear(hidden, outputs),
    )
