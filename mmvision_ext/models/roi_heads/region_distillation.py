"""Regions that learn to look to a detector as their crops do to a tower."""

import torch
from mmengine.model import BaseModule
from torch.nn import functional as F
from torchvision.ops import roi_align

from mmvision_ext.models.backbones.overview import overview
from mmvision_ext.registry import MODELS


@MODELS.register_module()
class RegionDistillation(BaseModule):
    """Distance of embedded regions to what a frozen tower says of their crops.

    The image branch of Gu et al., "Open-vocabulary Object Detection via Vision
    and Language Knowledge Distillation" (ViLD), ICLR 2022: an L1 loss between
    embeddings of length 1, for proposals of objects and of background alike,
    so that regions learn of things that no annotation names. Crops are cut
    from the normalised batch: tower and detector need one normalisation.

    Args:
        teacher: Config of a backbone whose feature of a whole image lies
            beside the words, such as ``mmvision_ext.CLIPResNet`` with
            ``attention_pool=True``; its ``init_cfg`` has the weights.
        regions: Number of regions of each image, drawn at random.
        size: Side of the crops, pixels.
        loss_weight: Factor of the loss.
    """

    def __init__(
        self,
        teacher: dict,
        regions: int = 16,
        size: int = 224,
        loss_weight: float = 1.0,
    ) -> None:
        super().__init__()
        self.teacher = MODELS.build(teacher).requires_grad_(False).eval()
        self.regions = regions
        self.size = size
        self.loss_weight = loss_weight

    def train(self, mode: bool = True) -> 'RegionDistillation':
        """Set the mode; the tower stays in evaluation.

        Args:
            mode: Whether to train.

        Returns:
            The module.
        """
        super().train(mode)
        self.teacher.eval()
        return self

    def choose(self, images: torch.Tensor) -> torch.Tensor:
        """Draw regions of each image.

        Args:
            images: Index of the image of each region, int64 (M,).

        Returns:
            Indices of at most ``regions`` regions an image, int64 (C,).
        """
        order = torch.randperm(len(images), device=images.device)
        if not len(order):
            return order
        of_image = F.one_hot(images[order])
        place = (of_image.cumsum(0) * of_image).sum(1)
        return order[place <= self.regions]

    def forward(
        self, images: torch.Tensor, rois: torch.Tensor, embedded: torch.Tensor
    ) -> torch.Tensor:
        """Compute the loss.

        Args:
            images: Normalised, shape (N, 3, H, W).
            rois: Index of the image, x1, y1, x2, y2 in its pixels, (C, 5).
            embedded: The regions beside words, of length 1, shape (C, D).

        Returns:
            A scalar; 0 without regions.
        """
        with torch.no_grad():
            crops = roi_align(
                images.float(), rois.float(), self.size, aligned=True
            )
            seen = overview(self.teacher, self.teacher(crops))
            wanted = F.normalize(seen.float())
        distance = (embedded.float() - wanted).abs().sum()
        return self.loss_weight * distance / max(embedded.numel(), 1)
