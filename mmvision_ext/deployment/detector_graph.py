"""A two-stage detector as one chain of operations that ONNX has.

mmdet's own way from pixels to detections goes through data samples and loops
over images, which cannot be traced. Here the same networks are called, and
what happens between them is computed for one image.

Ren et al. 2015, Faster R-CNN; He et al. 2017, Mask R-CNN.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mmvision_ext.apis.model import Detector

from .detector_boxes import decode_boxes, pool_regions, suppress
from .detector_settings import read_settings


class TwoStageGraph(nn.Module):
    """Pixels of one image to detections.

    Args:
        model: A Faster or Mask R-CNN of mmdet in evaluation mode.

    Raises:
        InputError: The model has a part that is not computed here.
    """

    def __init__(self, model: Detector) -> None:
        super().__init__()
        self.settings = read_settings(model)
        self.model = model

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """Detect objects.

        Args:
            image: Pixels from 0 to 255 of one image as the test pipeline
                gives it, not padded, shape (1, 3, H, W), float32.

        Returns:
            ``boxes``, x1, y1, x2, y2 in pixels of the image, (N, 4), float32;
            ``scores``, best first, (N,), float32; ``labels``, (N,), int64;
            and of Mask R-CNN ``masks``, probabilities inside of each box,
            (N, 28, 28), float32.
        """
        size = torch._shape_as_tensor(image)[2:]  # image.shape is no tensor
        maps = self.model.extract_feat(self._normalise(image))
        proposals = self._propose(maps, size)
        boxes, scores, labels = self._detect(maps, proposals, size)
        if not self.settings.has_masks:
            return boxes, scores, labels
        return boxes, scores, labels, self._segment(maps, boxes, labels)

    def _normalise(self, image: Tensor) -> Tensor:
        """Normalised, then padded below and right, (1, 3, H', W')."""
        before = self.model.data_preprocessor
        if self.settings.swaps_channels:
            image = image.flip(1)
        if self.settings.normalises:
            image = (image - before.mean) / before.std
        height, width = image.shape[2:]
        divisor = before.pad_size_divisor
        padding = (0, -width % divisor, 0, -height % divisor)
        return F.pad(image, padding, value=before.pad_value)

    def _propose(self, maps: Sequence[Tensor], size: Tensor) -> Tensor:
        """Proposals of the RPN, best first, (P, 4)."""
        head, rule = self.model.rpn_head, self.settings.proposals
        logits, deltas = head(maps)
        anchors = head.prior_generator.grid_priors(
            [part.shape[2:] for part in logits], logits[0].dtype, 'cpu'
        )
        boxes, scores, levels = [], [], []
        for level, anchor in enumerate(anchors):
            score = logits[level][0].permute(1, 2, 0).reshape(-1).sigmoid()
            delta = deltas[level][0].permute(1, 2, 0).reshape(-1, 4)
            score, best = score.sort(descending=True)
            if rule.before > 0:
                score, best = score[: rule.before], best[: rule.before]
            box = decode_boxes(anchor[best], delta[best], rule.coder, size)
            sides = box[:, 2:] - box[:, :2]
            large = (sides > rule.min_side).all(1).nonzero()[:, 0]
            boxes.append(box[large])
            scores.append(score[large])
            levels.append(torch.full_like(scores[-1], level))
        every = torch.cat(boxes)
        kept = suppress(
            every, torch.cat(scores), torch.cat(levels), rule.max_iou
        )
        return every[kept[: rule.after]]

    def _detect(
        self, maps: Sequence[Tensor], proposals: Tensor, size: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Boxes (N, 4), scores (N,) and classes (N,), best first."""
        part, rule = self.model.roi_head, self.settings.detections
        features, order = pool_regions(
            part.bbox_roi_extractor, maps, proposals
        )
        logits, deltas = part.bbox_head(features)
        back = order.argsort()  # from the order of the levels
        scores = logits[back].softmax(1)[:, :-1]
        groups, classes = deltas.shape[1] // 4, scores.shape[1]
        rois = proposals[order][back][:, None].expand(-1, groups, -1)
        boxes = decode_boxes(
            rois.reshape(-1, 4), deltas[back].reshape(-1, 4), rule.coder, size
        )
        boxes = boxes.reshape(-1, groups, 4).expand(-1, classes, -1)
        likely = (scores > rule.min_score).nonzero()
        row, label = likely[:, 0], likely[:, 1]
        boxes, scores = boxes[row, label], scores[row, label]
        kept = suppress(boxes, scores, label, rule.max_iou)[: rule.after]
        return boxes[kept], scores[kept], label[kept]

    def _segment(
        self, maps: Sequence[Tensor], boxes: Tensor, labels: Tensor
    ) -> Tensor:
        """Mask probabilities of the class of each box, (N, 28, 28)."""
        part = self.model.roi_head
        features, order = pool_regions(part.mask_roi_extractor, maps, boxes)
        logits = part.mask_head(features)
        if logits.shape[1] > 1:  # a mask for each class
            index = labels[order][:, None, None, None]
            logits = logits.gather(1, index.expand(-1, 1, *logits.shape[2:]))
        return logits[order.argsort()][:, 0].sigmoid()
