"""Boxes, classes and attributes of objects from one pass of a detector."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from mmdet.models.roi_heads import StandardRoIHead
from mmdet.models.task_modules.samplers import SamplingResult
from mmdet.models.utils import unpack_gt_instances
from mmdet.structures import DetDataSample
from mmdet.structures.bbox import bbox2roi, get_box_tensor, scale_boxes
from mmengine.structures import InstanceData

from mmvision_ext.registry import MODELS
from mmvision_ext.utils import InputError

from .attribute_branch import AttributeBranch

Features = Sequence[torch.Tensor]


@MODELS.register_module()
class AttributeRoIHead(StandardRoIHead):
    """mmdet's ``StandardRoIHead`` with a branch for attributes.

    It takes the place of ``roi_head`` in Faster and Mask R-CNN. In training
    every positive region has the attributes of the object that it was
    assigned to; entries that are unknown give no loss. In testing, attributes
    are read off the boxes that are left after non-maximum suppression.

    Args:
        attribute_head: Config of an :class:`AttributeBranch`.
        kwargs: As for ``mmdet.StandardRoIHead``.
    """

    def __init__(
        self, attribute_head: Mapping[str, Any], **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.attribute_head: AttributeBranch = MODELS.build(
            {'type': 'mmvision_ext.AttributeBranch', **attribute_head}
        )

    def forward(
        self,
        x: Features,
        rpn_results_list: list[InstanceData],
        batch_data_samples: list[DetDataSample] | None = None,
    ) -> tuple[torch.Tensor, ...]:
        """Run all branches on proposals, without any post-processing.

        Args:
            x: Feature maps, one of shape (N, C, H, W) for each level.
            rpn_results_list: Proposals of N images: ``bboxes`` (P, 4).
            batch_data_samples: Not used.

        Returns:
            Class scores (R, classes + 1), box deltas (R, 4 * classes), with
            masks their logits, and attribute logits (R, A), of the R
            proposals of all images.
        """
        outputs = super().forward(x, rpn_results_list, batch_data_samples)
        rois = bbox2roi([found.bboxes for found in rpn_results_list])
        return (*outputs, self.attribute_head((self._region_feats(x, rois),)))

    def loss(
        self,
        x: Features,
        rpn_results_list: list[InstanceData],
        batch_data_samples: list[DetDataSample],
    ) -> dict[str, torch.Tensor]:
        """Compute the losses of all branches.

        Args:
            x: Feature maps, one of shape (N, C, H, W) for each level.
            rpn_results_list: Proposals of N images: ``bboxes`` (P, 4).
            batch_data_samples: N samples; their ``gt_instances`` have
                ``bboxes`` (n, 4), ``labels`` (n,), ``attributes``, float
                (n, A), ``attribute_mask``, bool (n, A), and, with masks,
                ``masks``.

        Returns:
            The losses of ``StandardRoIHead`` and ``loss_attribute``, scalars.

        Raises:
            InputError: If objects have no attributes, or of another number.
        """
        objects, ignored, _ = unpack_gt_instances(batch_data_samples)
        sampled = []
        for index, proposals in enumerate(rpn_results_list):
            proposals.priors = proposals.pop('bboxes')
            assigned = self.bbox_assigner.assign(
                proposals, objects[index], ignored[index]
            )
            feats = [level[index : index + 1] for level in x]
            sampled.append(
                self.bbox_sampler.sample(
                    assigned, proposals, objects[index], feats=feats
                )
            )
        boxes = self.bbox_loss(x, sampled)
        losses = dict(boxes['loss_bbox'])
        losses |= self.attribute_loss(boxes['bbox_feats'], sampled, objects)
        if self.with_mask:
            masks = self.mask_loss(x, sampled, boxes['bbox_feats'], objects)
            losses |= masks['loss_mask']
        return losses

    def attribute_loss(
        self,
        bbox_feats: torch.Tensor,
        sampling_results: Sequence[SamplingResult],
        gt_instances: Sequence[InstanceData],
    ) -> dict[str, torch.Tensor]:
        """Compute the loss of the attributes of the positive regions.

        Args:
            bbox_feats: Features of the R sampled regions, (R, C, h, w): of
                each image the positive ones, then the negative ones.
            sampling_results: What was sampled in each of N images.
            gt_instances: Objects of the N images, see :meth:`loss`.

        Returns:
            ``loss_attribute``, a scalar.

        Raises:
            InputError: As for :meth:`loss`.
        """
        count = self.attribute_head.num_classes
        positive = []
        targets = [bbox_feats.new_zeros(0, count)]
        masks = [targets[0].bool()]
        for result, objects in zip(
            sampling_results, gt_instances, strict=True
        ):
            chosen = result.pos_assigned_gt_inds
            positive += [
                torch.ones_like(result.pos_inds, dtype=torch.bool),
                torch.zeros_like(result.neg_inds, dtype=torch.bool),
            ]
            if len(chosen):
                _check(objects, count)
                targets.append(objects.attributes[chosen].to(bbox_feats))
                masks.append(objects.attribute_mask[chosen])
        return self.attribute_head.region_loss(
            bbox_feats[torch.cat(positive)],
            torch.cat(targets),
            torch.cat(masks),
        )

    def predict(
        self,
        x: Features,
        rpn_results_list: list[InstanceData],
        batch_data_samples: list[DetDataSample],
        rescale: bool = False,
    ) -> list[InstanceData]:
        """Detect objects and tell their attributes.

        Args:
            x: Feature maps, one of shape (N, C, H, W) for each level.
            rpn_results_list: Proposals of N images: ``bboxes`` (P, 4).
            batch_data_samples: N samples with meta information; their ground
                truth is not read.
            rescale: Whether boxes are given in pixels of the original image.

        Returns:
            N results with ``bboxes`` (D, 4), ``scores`` (D,), ``labels``
            (D,), ``attribute_scores`` (D, A), from 0 to 1, and, with masks,
            ``masks`` (D, H, W).
        """
        results = super().predict(
            x, rpn_results_list, batch_data_samples, rescale
        )
        boxes = []
        for result, sample in zip(results, batch_data_samples, strict=True):
            found = get_box_tensor(result.bboxes)
            if rescale:  # the feature maps are those of the resized image
                found = scale_boxes(found, sample.scale_factor)
            boxes.append(found)
        feats = self._region_feats(x, bbox2roi(boxes))
        scores = self.attribute_head((feats,)).float().sigmoid()
        sizes = [len(result) for result in results]
        for result, part in zip(results, scores.split(sizes), strict=True):
            result.attribute_scores = part
        return results

    def _region_feats(self, x: Features, rois: torch.Tensor) -> torch.Tensor:
        """Features of regions, (R, C, h, w); ``rois`` (R, 5) as mmdet's."""
        levels = x[: self.bbox_roi_extractor.num_inputs]
        feats = self.bbox_roi_extractor(levels, rois)
        return self.shared_head(feats) if self.with_shared_head else feats


def _check(objects: InstanceData, count: int) -> None:
    """Objects must have as many attributes as the branch.

    Raises:
        InputError: If they have not.
    """
    for key in ('attributes', 'attribute_mask'):
        if key not in objects:
            raise InputError(
                f'AttributeRoIHead: expected gt_instances.{key}, found '
                f'{", ".join(objects.keys())}. Train on a dataset such as '
                'mmvision_ext.APascalDetection, and end the pipeline with '
                "dict(type='mmvision_ext.PackDetAttributes')."
            )
    found = objects.attributes.shape[1]
    if found != count:
        raise InputError(
            'model.roi_head.attribute_head.num_classes: expected the number '
            f"of the data's attributes, {found}, found {count}"
        )
