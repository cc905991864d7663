"""What an exported detector takes over from the model, and what it refuses."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mmcv.ops import RoIAlign
from mmdet.models.data_preprocessors import DetDataPreprocessor
from mmdet.models.dense_heads import RPNHead
from mmdet.models.detectors import FasterRCNN, MaskRCNN
from mmdet.models.roi_heads import StandardRoIHead
from mmdet.models.roi_heads.bbox_heads import (
    BBoxHead,
    ConvFCBBoxHead,
    Shared2FCBBoxHead,
    Shared4Conv1FCBBoxHead,
)
from mmdet.models.roi_heads.mask_heads import FCNMaskHead
from mmdet.models.roi_heads.roi_extractors import SingleRoIExtractor
from mmdet.models.task_modules.coders import DeltaXYWHBBoxCoder
from mmdet.models.task_modules.prior_generators import AnchorGenerator

from mmvision_ext.apis.model import Detector
from mmvision_ext.utils import InputError

from .detector_boxes import BoxCoder

_DETECTORS = (FasterRCNN, MaskRCNN)
_BOX_HEADS = (
    BBoxHead,
    ConvFCBBoxHead,
    Shared2FCBBoxHead,
    Shared4Conv1FCBBoxHead,
)


@dataclass(frozen=True)
class Selection:
    """How boxes are chosen, from ``test_cfg``.

    Attributes:
        coder: How a network moves boxes.
        max_iou: A box that overlaps a better one by more is left out.
        after: How many stay at most; None keeps all.
        before: How many of a level come to the suppression; 0 takes all.
        min_side: Both sides have to be longer, in pixels; -1 takes all.
        min_score: The score has to be larger.
    """

    coder: BoxCoder
    max_iou: float
    after: int | None
    before: int = 0
    min_side: float = -1
    min_score: float = 0


@dataclass(frozen=True)
class DetectorSettings:
    """Numbers of a graph that are no weights.

    Attributes:
        proposals: How the RPN chooses.
        detections: How the box head chooses.
        has_masks: Whether there is a mask head.
        mask_threshold: Probability from which a pixel belongs to a mask.
        swaps_channels: Whether BGR becomes RGB, or the other way round.
        normalises: Whether mean and deviation are applied.
    """

    proposals: Selection
    detections: Selection
    has_masks: bool
    mask_threshold: float
    swaps_channels: bool
    normalises: bool


def read_settings(model: Detector) -> DetectorSettings:
    """Read the settings of a detector.

    Args:
        model: A detector of mmdet.

    Returns:
        The settings.

    Raises:
        InputError: A part of the model is none that can be exported.
    """
    for key, part, kinds in _parts(model):
        if type(part) not in kinds:
            names = ' or '.join(kind.__name__ for kind in kinds)
            raise _refusal(key, names, type(part).__name__)
    _check_values(model)
    rpn, rcnn = model.test_cfg.rpn, model.test_cfg.rcnn
    roi_head, before = model.roi_head, model.data_preprocessor
    return DetectorSettings(
        proposals=Selection(
            _coder(model.rpn_head.bbox_coder),
            _max_iou('test_cfg.rpn.nms', rpn.get('nms')),
            rpn.max_per_img,
            rpn.get('nms_pre', 0),
            rpn.get('min_bbox_size', -1),
        ),
        detections=Selection(
            _coder(roi_head.bbox_head.bbox_coder),
            _max_iou('test_cfg.rcnn.nms', rcnn.get('nms')),
            rcnn.max_per_img if rcnn.max_per_img > 0 else None,
            min_score=rcnn.score_thr,
        ),
        has_masks=roi_head.with_mask,
        mask_threshold=rcnn.get('mask_thr_binary', 0.5),
        swaps_channels=before._channel_conversion,
        normalises=before._enable_normalize,
    )


def _parts(model: Detector) -> Iterator[tuple[str, object, tuple[type, ...]]]:
    """Key, part, and the types that it may have."""
    yield 'type', model, _DETECTORS
    yield 'data_preprocessor', model.data_preprocessor, (DetDataPreprocessor,)
    head = model.rpn_head
    yield 'rpn_head', head, (RPNHead,)
    yield 'rpn_head.anchor_generator', head.prior_generator, (AnchorGenerator,)
    yield 'rpn_head.bbox_coder', head.bbox_coder, (DeltaXYWHBBoxCoder,)
    roi_head = model.roi_head
    yield 'roi_head', roi_head, (StandardRoIHead,)
    yield 'roi_head.bbox_head', roi_head.bbox_head, _BOX_HEADS
    yield (
        'roi_head.bbox_head.bbox_coder',
        roi_head.bbox_head.bbox_coder,
        (DeltaXYWHBBoxCoder,),
    )
    names = ['bbox']
    if roi_head.with_mask:
        yield 'roi_head.mask_head', roi_head.mask_head, (FCNMaskHead,)
        names.append('mask')
    for name in names:
        key = f'roi_head.{name}_roi_extractor'
        extractor = getattr(roi_head, f'{name}_roi_extractor')
        yield key, extractor, (SingleRoIExtractor,)
        for layer in extractor.roi_layers:
            yield f'{key}.roi_layer', layer, (RoIAlign,)


def _check_values(model: Detector) -> None:
    """Refuse what parts of a known type may still do otherwise."""
    roi_head, box_head = model.roi_head, model.roi_head.bbox_head
    layers = [*roi_head.bbox_roi_extractor.roi_layers]
    if roi_head.with_mask:
        layers += roi_head.mask_roi_extractor.roi_layers
    rpn_coder, coder = model.rpn_head.bbox_coder, box_head.bbox_coder
    checks: list[tuple[str, object, object]] = [
        (
            'rpn_head.loss_cls.use_sigmoid',
            True,
            model.rpn_head.use_sigmoid_cls,
        ),
        ('rpn_head.bbox_coder.add_ctr_clamp', False, rpn_coder.add_ctr_clamp),
        ('roi_head.shared_head', False, roi_head.with_shared_head),
        ('roi_head.bbox_head.with_reg', True, box_head.with_reg),
        (
            'roi_head.bbox_head.bbox_coder.add_ctr_clamp',
            False,
            coder.add_ctr_clamp,
        ),
        (
            'roi_head.bbox_head.loss_cls.custom_cls_channels',
            False,
            box_head.custom_cls_channels,
        ),
    ]
    checks += [
        ('roi_head roi_layer.pool_mode', 'avg', layer.pool_mode)
        for layer in layers
    ]
    for key, expected, found in checks:
        if expected != found:
            raise _refusal(key, expected, found)


def _coder(coder: DeltaXYWHBBoxCoder) -> BoxCoder:
    return BoxCoder(
        tuple(coder.means), tuple(coder.stds), bool(coder.clip_border)
    )


def _max_iou(key: str, settings: Mapping[str, Any] | None) -> float:
    """Overlap of a plain suppression."""
    settings = settings or {}
    kind = settings.get('type', 'nms')
    if kind != 'nms':
        raise _refusal(f'{key}.type', 'nms', kind)
    if extra := set(settings) - {'type', 'iou_threshold'}:
        raise _refusal(key, 'type and iou_threshold', ', '.join(sorted(extra)))
    return float(settings['iou_threshold'])


def _refusal(key: str, expected: object, found: object) -> InputError:
    return InputError(
        f'model.{key}: expected {expected}, which can be exported, found '
        f'{found}. Export takes Faster and Mask R-CNN of mmdet with a plain '
        'RPN, box head and mask head; others run in PyTorch.'
    )
