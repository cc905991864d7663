"""RoI head whose classes are words, guided by the whole image."""

from collections.abc import Sequence
from typing import Any

import torch
from mmdet.models.roi_heads import StandardRoIHead
from mmdet.structures import DetDataSample
from mmdet.structures.bbox import bbox2roi

from mmvision_ext.registry import MODELS
from mmvision_ext.utils import InputError

from .global_context import Guidance
from .guided_features import GuidedFeatures


@MODELS.register_module()
class ContextGuidedRoIHead(StandardRoIHead):
    """mmdet's StandardRoIHead with words, context and distillation.

    Its features are :class:`GuidedFeatures`, which
    ``mmvision_ext.ContextGuidedRCNN`` makes. Beside the losses of the box head
    (``loss_cls``, ``loss_bbox``) and of a mask head come ``loss_image`` and
    ``loss_image_contrast`` of the context, and ``loss_distillation``.

    Args:
        context: Config of ``mmvision_ext.GlobalContext``; None for a detector
            that sees regions only.
        distillation: Config of ``mmvision_ext.RegionDistillation``; None for
            none.
        options: Options of StandardRoIHead; ``bbox_head`` is
            ``mmvision_ext.WordBBoxHead``.
    """

    def __init__(
        self,
        context: dict | None = None,
        distillation: dict | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.context = MODELS.build(context) if context else None
        self.distillation = (
            MODELS.build(distillation) if distillation else None
        )

    def loss(
        self,
        x: GuidedFeatures,
        rpn_results_list: list,
        batch_data_samples: Sequence[DetDataSample],
    ) -> dict[str, torch.Tensor]:
        """Losses of a batch.

        Args:
            x: Features of N images.
            rpn_results_list: Proposals of each image.
            batch_data_samples: N samples with ``gt_instances``; labels are
                indices of the words in use.

        Returns:
            Name to scalar.

        Raises:
            InputError: If a label is none of the words.
        """
        targets = shown_words(batch_data_samples, len(x.words))
        losses = super().loss(x, rpn_results_list, batch_data_samples)
        if self.context is not None:
            losses.update(self.context.loss(x.overview, x.words, targets))
        return losses

    def bbox_loss(self, x: GuidedFeatures, sampling_results: list) -> dict:
        """Losses of the box head, and of distillation where there is any.

        Args:
            x: Features of N images.
            sampling_results: Proposals and what they are assigned to.

        Returns:
            As of StandardRoIHead.
        """
        results = super().bbox_loss(x, sampling_results)
        if self.distillation is not None:
            rois = bbox2roi([result.priors for result in sampling_results])
            chosen = self.distillation.choose(rois[:, 0].long())
            embedded = self.bbox_head.embed(
                results['bbox_feats'][chosen], self._guide(x, rois[chosen])
            )
            results['loss_bbox']['loss_distillation'] = self.distillation(
                x.images, rois[chosen], embedded
            )
        return results

    def _guide(self, x: GuidedFeatures, rois: torch.Tensor) -> Guidance | None:
        """What the images say of regions (M, 5); None without context."""
        if self.context is None:
            return None
        guidance = self.context(x.overview, x.words)
        return guidance.of_regions(rois[:, 0].long())

    def _bbox_forward(
        self, x: GuidedFeatures, rois: torch.Tensor
    ) -> dict[str, torch.Tensor]:
        """Extract regions and score them."""
        features = self.bbox_roi_extractor(
            x[: self.bbox_roi_extractor.num_inputs], rois
        )
        logits, deltas = self.bbox_head(
            features, x.words, self._guide(x, rois)
        )
        return dict(cls_score=logits, bbox_pred=deltas, bbox_feats=features)


def shown_words(
    data_samples: Sequence[DetDataSample], count: int
) -> torch.Tensor:
    """Which words each image shows.

    Args:
        data_samples: N samples with ``gt_instances.labels``.
        count: K, number of words.

    Returns:
        1 or 0, float32 (N, K).

    Raises:
        InputError: If a label is none of the words.
    """
    rows = []
    for sample in data_samples:
        labels = sample.gt_instances.labels
        if len(labels) and int(labels.max()) >= count:
            raise InputError(
                f'{sample.get("img_path", "image")}: expected labels below '
                f'{count}, the number of words, found {int(labels.max())}. '
                "Give the detector the dataset's classes by "
                "dict(type='mmvision_ext.VocabularyHook') in custom_hooks, or "
                'by model.use_words.'
            )
        row = torch.zeros(count, device=labels.device)
        row[labels] = 1
        rows.append(row)
    return torch.stack(rows)
