"""What the heads on feature maps share: checks, loss, training accuracy."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from mmpretrain.evaluation.metrics import Accuracy
from mmpretrain.models.heads import ClsHead
from mmpretrain.structures import DataSample

from mmvision_ext.utils import InputError


class FeatureMapHead(ClsHead):
    """Base of classification heads on the last feature map of a backbone.

    A subclass gives logits in ``forward``. Training accuracy is that of the
    logits; mmpretrain's own counts a hit only where the logit is positive.

    Args:
        num_classes: Number of classes.
        in_channels: Channels of the backbone's last feature map.
        dropout: Probability of dropout, in [0, 1).
        loss: Config of the loss; None is cross-entropy.
        topk: Ranks at which training accuracy is logged.
        cal_acc: Whether training accuracy is logged; not with mixup and the
            like, whose labels are mixed.
        init_cfg: Initialisation.

    Raises:
        InputError: If a number is out of range.
    """

    def __init__(
        self,
        num_classes: int,
        in_channels: int,
        dropout: float,
        loss: Mapping[str, Any] | None,
        topk: Sequence[int],
        cal_acc: bool,
        init_cfg: Mapping[str, Any] | None,
    ) -> None:
        if num_classes < 1 or in_channels < 1:
            raise InputError(
                f'{type(self).__name__}: expected num_classes and in_channels '
                f'of at least 1, found {num_classes} and {in_channels}'
            )
        if not 0 <= dropout < 1:
            raise InputError(
                f'{type(self).__name__}: expected dropout in [0, 1), found '
                f'{dropout}'
            )
        if cal_acc and not all(1 <= k <= num_classes for k in topk):
            raise InputError(
                f'{type(self).__name__}: expected topk from 1 to '
                f'{num_classes}, the number of classes, found {tuple(topk)}'
            )
        super().__init__(
            loss=dict(loss or {'type': 'mmpretrain.CrossEntropyLoss'}),
            topk=tuple(topk),
            cal_acc=False,  # of mmpretrain's
            init_cfg=init_cfg,
        )
        self.num_classes = num_classes
        self.in_channels = in_channels
        self.with_accuracy = cal_acc

    def last_map(self, feats: Sequence[torch.Tensor]) -> torch.Tensor:
        """The feature map that is classified.

        Args:
            feats: Outputs of the backbone's stages.

        Returns:
            The last of them, shape (N, in_channels, H, W).

        Raises:
            InputError: If the last output has another shape.
        """
        last = feats[-1]
        if last.ndim != 4 or last.shape[1] != self.in_channels:
            raise InputError(
                f'{type(self).__name__}: expected a feature map (N, '
                f'{self.in_channels}, H, W), found shape {tuple(last.shape)}. '
                'Set model.head.in_channels to the channels of the backbone, '
                'and use no neck that pools.'
            )
        return last

    def loss(
        self,
        feats: Sequence[torch.Tensor],
        data_samples: list[DataSample],
        **kwargs: Any,
    ) -> dict[str, torch.Tensor]:
        """Compute loss and training accuracy.

        Args:
            feats: Outputs of the backbone's stages; the last, of shape
                (N, in_channels, H, W), is used.
            data_samples: N samples with ``gt_label``, or with ``gt_score``
                (num_classes,) where labels are mixed.
            kwargs: Further arguments of the loss.

        Returns:
            ``loss``, a scalar, and with ``cal_acc`` ``accuracy_top-<k>`` in
            per cent, shape (1,).

        Raises:
            InputError: If ``cal_acc`` is set and labels are mixed.
        """
        logits = self(feats)
        losses = self._get_loss(logits, data_samples, **kwargs)
        if not self.with_accuracy:
            return losses
        if 'gt_score' in data_samples[0]:
            raise InputError(
                'model.head.cal_acc=True: expected one label an image, found '
                'mixed ones (mixup, CutMix); set cal_acc=False'
            )
        target = torch.cat([sample.gt_label for sample in data_samples])
        accuracy = Accuracy.calculate(
            logits.detach(), target, self.topk, thrs=(None,)
        )
        return losses | {
            f'accuracy_top-{k}': value
            for k, (value,) in zip(self.topk, accuracy, strict=True)
        }
