"""Several attributes of one image or object."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import torch
from mmpretrain.models.heads import MultiLabelClsHead
from mmpretrain.structures import DataSample
from torch import nn

from mmvision_ext.models.losses.counted import CountedBCELoss
from mmvision_ext.registry import MODELS
from mmvision_ext.utils import InputError

from .attribute_labels import stack_labels


class AttributeHeadBase(MultiLabelClsHead):
    """What heads of attributes share: labels with a mask, loss, scores.

    A subclass gives ``forward``, and its last layer for ``prior_bias``.

    Args:
        num_classes: Number of attributes, A.
        in_channels: Channels of the backbone's pooled features.
        dropout: Probability of dropout, in [0, 1).
        prior_bias: Whether the last layer starts with the frequency of each
            attribute in the training set, so that the first steps do not go
            into learning that most are rare (Lin et al., "Focal Loss for
            Dense Object Detection", ICCV 2017, section 4.1). With a loss that
            weighs positives w+ and negatives w-, the odds are times w+ / w-,
            where that loss is least; focal and asymmetric losses change
            nothing. Needs
            :class:`~mmvision_ext.engine.hooks.AttributeStatisticsHook`, as
            some losses do.
        loss: Config of a loss of ``mmvision_ext.models.losses``; None is
            ``AttributeBCELoss``.
        init_cfg: Initialisation; None keeps PyTorch's.

    Raises:
        InputError: If a number is out of range.
    """

    def __init__(
        self,
        num_classes: int,
        in_channels: int,
        dropout: float,
        prior_bias: bool,
        loss: Mapping[str, Any] | None,
        init_cfg: Mapping[str, Any] | None,
    ) -> None:
        name = type(self).__name__
        if num_classes < 1 or in_channels < 1:
            raise InputError(
                f'{name}: expected num_classes and in_channels of at least 1, '
                f'found {num_classes} and {in_channels}'
            )
        if not 0 <= dropout < 1:
            raise InputError(
                f'{name}: expected dropout in [0, 1), found {dropout}'
            )
        super().__init__(
            loss=dict(loss or {'type': 'mmvision_ext.AttributeBCELoss'}),
            init_cfg=init_cfg,
        )
        self.num_classes = num_classes
        self.in_channels = in_channels
        self.prior_bias = prior_bias
        self._counted = False

    @property
    def last_layer(self) -> nn.Linear:
        """The layer that gives the logits, with a bias (A,)."""
        raise NotImplementedError

    def set_counts(
        self,
        positives: torch.Tensor,
        negatives: torch.Tensor,
        fresh: bool = True,
    ) -> None:
        """Take the counts of the training set.

        Args:
            positives: Number of known positives of each attribute, (A,).
            negatives: Number of known negatives, (A,).
            fresh: Whether weights are new; the biases of a checkpoint stay.

        Raises:
            InputError: If there are not A counts.
        """
        expected = (self.num_classes,)
        if positives.shape != expected or negatives.shape != expected:
            raise InputError(
                f'{type(self).__name__}: expected counts of '
                f'{self.num_classes} attributes (model.head.num_classes), '
                f'found {tuple(positives.shape)} and '
                f'{tuple(negatives.shape)}'
            )
        # half a sample more of either kind, so that none is infinite
        odds = (positives.double() + 0.5) / (negatives.double() + 0.5)
        if isinstance(self.loss_module, CountedBCELoss):
            self.loss_module.set_counts(positives, negatives)
            positive, negative = self.loss_module.weights_of(
                positives.double(), negatives.double()
            )
            odds = odds * positive / negative
        if self.prior_bias and fresh:
            with torch.no_grad():
                self.last_layer.bias.copy_(odds.log())
        self._counted = True

    def features(self, feats: Sequence[torch.Tensor]) -> torch.Tensor:
        """The pooled features of the backbone.

        Args:
            feats: Outputs of the neck, or of a backbone that pools; the last
                is used.

        Returns:
            Shape (N, in_channels).

        Raises:
            InputError: If the last output has another shape.
        """
        last = feats[-1]
        if last.ndim != 2 or last.shape[1] != self.in_channels:
            raise InputError(
                f'{type(self).__name__}: expected pooled features (N, '
                f'{self.in_channels}), found shape {tuple(last.shape)}. Set '
                'model.head.in_channels to the channels of the backbone, and '
                "model.neck to dict(type='GlobalAveragePooling') where it "
                'does not pool itself.'
            )
        return last

    def labels(
        self, data_samples: Sequence[DataSample]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Labels of a training batch.

        Args:
            data_samples: N samples, as for :func:`stack_labels`.

        Returns:
            Targets, float32 (N, A), and the mask, bool (N, A).

        Raises:
            InputError: If labels are malformed, or ``prior_bias`` is set and
                there are no counts.
        """
        self._require_counts('model.head')
        return stack_labels(data_samples, self.num_classes)

    def _require_counts(self, place: str) -> None:
        """Refuse to train with ``prior_bias`` and without counts.

        Args:
            place: The head in a config, for the message.
        """
        if self.prior_bias and not self._counted:
            raise InputError(
                f'{place}.prior_bias=True: expected counts of the training '
                'set before the first step, found none. Add '
                "dict(type='mmvision_ext.AttributeStatisticsHook') to "
                'custom_hooks.'
            )

    def loss(
        self,
        feats: Sequence[torch.Tensor],
        data_samples: list[DataSample],
        **kwargs: Any,
    ) -> dict[str, torch.Tensor]:
        """Compute the loss over known entries.

        Args:
            feats: Outputs of the neck; the last, (N, in_channels), is used.
            data_samples: N samples with ``gt_score`` (A,) and, where not
                every entry is known, ``gt_mask``, bool (A,).
            kwargs: Further arguments of the loss.

        Returns:
            ``loss``, a scalar.

        Raises:
            InputError: If labels are malformed, or the loss lacks counts.
        """
        targets, mask = self.labels(data_samples)
        logits = self(feats)
        return {'loss': self.loss_module(logits, targets, mask, **kwargs)}


@MODELS.register_module()
class AttributeHead(AttributeHeadBase):
    """Two fully connected layers with dropout, a score for each attribute.

    Entries that nobody looked at (``gt_mask``) give no loss.

    Args:
        num_classes: Number of attributes, A.
        in_channels: Channels of the backbone's pooled features.
        hidden_channels: Width of the layer between.
        dropout: Probability of dropout before the last layer, in [0, 1).
        prior_bias: As for :class:`AttributeHeadBase`.
        loss: As for :class:`AttributeHeadBase`.
        init_cfg: Initialisation; None keeps PyTorch's.

    Raises:
        InputError: If a number is out of range.
    """

    def __init__(
        self,
        num_classes: int,
        in_channels: int,
        hidden_channels: int = 512,
        dropout: float = 0.5,
        prior_bias: bool = False,
        loss: Mapping[str, Any] | None = None,
        init_cfg: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(
            num_classes, in_channels, dropout, prior_bias, loss, init_cfg
        )
        if hidden_channels < 1:
            raise InputError(
                'AttributeHead: expected hidden_channels of at least 1, found '
                f'{hidden_channels}'
            )
        self.classifier = nn.Sequential(
            nn.Linear(in_channels, hidden_channels),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(hidden_channels, num_classes),
        )

    @property
    def last_layer(self) -> nn.Linear:
        """The layer that gives the logits, with a bias (A,)."""
        return cast(nn.Linear, self.classifier[-1])

    def pre_logits(self, feats: Sequence[torch.Tensor]) -> torch.Tensor:
        """The activations before the last layer.

        Args:
            feats: Outputs of the neck; the last, (N, in_channels), is used.

        Returns:
            Shape (N, hidden_channels), not negative.

        Raises:
            InputError: If the last output has another shape.
        """
        return self.classifier[:-1](self.features(feats))

    def forward(self, feats: Sequence[torch.Tensor]) -> torch.Tensor:
        """Compute the logits.

        Args:
            feats: Outputs of the neck; the last, (N, in_channels), is used.

        Returns:
            Logits, (N, A).
        """
        return self.classifier[-1](self.pre_logits(feats))
