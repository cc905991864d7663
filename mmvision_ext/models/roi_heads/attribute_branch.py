"""Attributes of objects from the features of their regions."""

from collections.abc import Sequence

import torch

from mmvision_ext.models.heads.attribute_head import AttributeHead
from mmvision_ext.registry import MODELS
from mmvision_ext.utils import InputError


@MODELS.register_module()
class AttributeBranch(AttributeHead):
    """:class:`AttributeHead` on features of regions, which it averages.

    Args:
        num_classes: Number of attributes, A.
        in_channels: Channels C of the regions' features.
        hidden_channels: Width of the layer between.
        dropout: Probability of dropout before the last layer, in [0, 1).
        prior_bias: As for :class:`AttributeHead`.
        loss: As for :class:`AttributeHead`.
        init_cfg: Initialisation; None keeps PyTorch's.

    Raises:
        InputError: If a number is out of range.
    """

    def features(self, feats: Sequence[torch.Tensor]) -> torch.Tensor:
        """Average the features of each region.

        Args:
            feats: The last is used: features of R regions, (R, C, h, w).

        Returns:
            Shape (R, C).

        Raises:
            InputError: If they have another shape.
        """
        last = feats[-1]
        if last.ndim != 4 or last.shape[1] != self.in_channels:
            raise InputError(
                'model.roi_head.attribute_head: expected features of regions '
                f'(R, {self.in_channels}, h, w), found shape '
                f'{tuple(last.shape)}. Set its in_channels to the '
                'out_channels of bbox_roi_extractor.'
            )
        return last.mean(dim=(2, 3))

    def region_loss(
        self, feats: torch.Tensor, targets: torch.Tensor, mask: torch.Tensor
    ) -> dict[str, torch.Tensor]:
        """Compute the loss over the known entries of regions.

        Args:
            feats: Features of R regions, (R, C, h, w); R may be 0.
            targets: 1 where a region's object has an attribute, else 0,
                (R, A); anything where the mask is False, NaN as well.
            mask: bool (R, A), False where that is unknown.

        Returns:
            ``loss_attribute``, a scalar, 0 where nothing is known.

        Raises:
            InputError: If ``prior_bias`` is set and there are no counts.
        """
        self._require_counts('model.roi_head.attribute_head')
        loss = self.loss_module(self((feats,)), targets, mask)
        return {'loss_attribute': loss}
