"""Proposals of two-stage detectors and of Sparse R-CNN, stage by stage."""

import copy
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from mmcv.transforms import Compose
from mmdet.models.detectors import TwoStageDetector
from mmdet.models.roi_heads import SparseRoIHead
from mmdet.structures import DetDataSample
from mmdet.structures.bbox import bbox2roi, get_box_tensor
from mmengine.dataset import pseudo_collate
from mmengine.structures import InstanceData
from numpy.typing import NDArray
from torch import Tensor

from mmvision_ext.utils import InputError
from mmvision_ext.visualization.draw import save_image
from mmvision_ext.visualization.proposal_page import (
    BoxStage,
    ProposalTrace,
    proposal_page,
)

from .inferencer import array_pipeline
from .model import Detector
from .pictures import draw_ground_truth
from .result_list import picture_name, refuse_source_folder
from .results import to_result
from .sources import ImageSource, Pixels

PANEL_SIDE = 480


def write_proposal_pages(
    model: Detector,
    images: Iterable[tuple[ImageSource, DetDataSample | None]],
    folder: str | Path,
    topk: int = 20,
    score_thr: float = 0.3,
) -> list[Path]:
    """Write one page per image: proposals, detections and ground truth.

    Args:
        model: A two-stage detector or Sparse R-CNN from
            :func:`~mmvision_ext.apis.model.load_detector`.
        images: Images, each with a data sample that has its ground truth, or
            with None.
        folder: Where to; made where missing. Pages are named after images;
            a number is added where two images have one name.
        topk: Number of proposals to show.
        score_thr: Lowest confidence of the detections to show.

    Returns:
        The files written.

    Raises:
        InputError: The images lie in this folder, or see
            :func:`trace_proposals`.
    """
    pipeline = array_pipeline(model.cfg)
    meta = model.dataset_meta
    files = []
    taken: set[str] = set()
    for source, truth in images:
        refuse_source_folder(folder, [source])
        pixels = source.read()
        image = np.ascontiguousarray(pixels[..., ::-1])
        trace, sample = trace_proposals(model, pipeline, pixels, topk)
        result = to_result(sample, source, meta, score_thr)
        ends = [
            (
                result.draw(PANEL_SIDE),
                f'detections: {len(result)}, score at least {score_thr:g}',
            )
        ]
        if truth is not None:
            ends.append(draw_ground_truth(image, truth, meta, PANEL_SIDE))
        title = Path(source.name).stem
        page = proposal_page(image, trace, ends, title, PANEL_SIDE)
        path = Path(folder) / picture_name(source, taken)
        files.append(save_image(path, page))
    return files


@torch.no_grad()
def trace_proposals(
    model: Detector, pipeline: Compose, image: Pixels, topk: int
) -> tuple[ProposalTrace, DetDataSample]:
    """Run one image and keep the boxes of every stage.

    Sparse R-CNN gives its learned boxes, then those of each of its stages;
    the proposals that score best in the last stage are followed through all
    of them. Other two-stage detectors give the best boxes of their region
    proposal network.

    Args:
        model: A two-stage detector or Sparse R-CNN, in evaluation mode.
        pipeline: What
            :func:`~mmvision_ext.apis.inferencer.array_pipeline` gave.
        image: BGR, shape (H, W, 3), uint8.
        topk: Number of proposals to keep.

    Returns:
        The stages, boxes in pixels of ``image``; and the data sample with
        the final ``pred_instances``, also in pixels of ``image``.

    Raises:
        InputError: The model makes no proposals, or ``topk`` is below 1.
    """
    if topk < 1:
        raise InputError(f'topk: expected at least 1, found {topk}.')
    if not isinstance(model, TwoStageDetector) or not model.with_rpn:
        raise InputError(
            'model: expected a two-stage detector or Sparse R-CNN, found '
            f'{type(model).__name__}, which makes no proposals.'
        )
    batch = pseudo_collate([pipeline(dict(img=image, img_id=0))])
    batch = model.data_preprocessor(batch, False)
    samples = batch['data_samples']
    features = model.extract_feat(batch['inputs'])
    proposals = model.rpn_head.predict(features, samples, rescale=False)
    if isinstance(model.roi_head, SparseRoIHead):
        trace = _sparse_trace(
            model.roi_head, features, samples[0], proposals[0], topk
        )
    else:
        trace = _rpn_trace(samples[0], proposals[0], topk)
    found = model.roi_head.predict(
        features, copy.deepcopy(proposals), samples, rescale=True
    )
    return trace, model.add_pred_to_datasample(samples, found)[0].cpu()


def _rpn_trace(
    sample: DetDataSample, proposals: InstanceData, topk: int
) -> ProposalTrace:
    """The best proposals of a region proposal network."""
    order = torch.argsort(proposals.scores, descending=True)[:topk]
    boxes = _to_image(get_box_tensor(proposals.bboxes)[order], sample)
    scores = proposals.scores[order].cpu().numpy()
    stage = BoxStage('RPN proposals', boxes, scores, len(proposals))
    return ProposalTrace([stage], linked=False)


def _sparse_trace(
    head: SparseRoIHead,
    features: tuple[Tensor, ...],
    sample: DetDataSample,
    proposals: InstanceData,
    topk: int,
) -> ProposalTrace:
    """The learned boxes, and the boxes that each stage makes of them."""
    boxes = get_box_tensor(proposals.bboxes)
    object_feats = proposals.features[None]
    boxes_by_stage, scores_by_stage = [boxes], []
    for number in range(head.num_stages):
        result = head._bbox_forward(
            number,
            features,
            bbox2roi([boxes]),
            object_feats,
            [sample.metainfo],
        )
        boxes = result['detached_proposals'][0]
        object_feats = result['object_feats']
        boxes_by_stage.append(boxes)
        scores_by_stage.append(
            _best_class_score(head, result['detached_cls_scores'][0])
        )
    order = torch.argsort(scores_by_stage[-1], descending=True)[:topk]
    stages = [
        BoxStage(
            'learned proposals',
            _to_image(boxes_by_stage[0][order], sample),
            None,
            len(proposals),
        )
    ]
    for number, scores in enumerate(scores_by_stage, start=1):
        stages.append(
            BoxStage(
                f'stage {number}',
                _to_image(boxes_by_stage[number][order], sample),
                scores[order].cpu().numpy(),
                len(proposals),
            )
        )
    return ProposalTrace(stages, linked=True)


def _best_class_score(head: SparseRoIHead, logits: Tensor) -> Tensor:
    """Highest class probability of each proposal, (N, C) to (N,)."""
    if head.bbox_head[-1].loss_cls.use_sigmoid:
        return logits.sigmoid().amax(dim=1)
    return logits.softmax(dim=1)[:, :-1].amax(dim=1)


def _to_image(boxes: Tensor, sample: DetDataSample) -> NDArray[np.float32]:
    """Boxes (N, 4) from pixels of the network's input to the image's."""
    scale = boxes.new_tensor(sample.scale_factor).repeat(2)
    return (boxes / scale).float().cpu().numpy()
