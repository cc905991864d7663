"""Turn a model's data samples into small records for evaluation."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from pycocotools import mask as mask_utils

from mmvision_ext.utils import InputError

from ..functional import Detections, GroundTruth, ImageRecord, Rle

PIPELINE_FIX = (
    "end the test pipeline with dict(type='LoadAnnotations', with_bbox=True, "
    "with_mask=True) after Resize, and dict(type='PackDetInputs', "
    "meta_keys=('img_id', 'img_path', 'ori_shape', 'img_shape', "
    "'scale_factor')). Here LoadAnnotations reads the ground truth, in "
    'pixels of the original image, and PackDetInputs hands it on'
)


def _lookup(mapping: Mapping[str, Any], key: str, path: str, img: str) -> Any:
    """Read a key that the test pipeline must have provided.

    Raises:
        InputError: If the key is missing, naming the fix.
    """
    if key in mapping:
        return mapping[key]
    raise InputError(
        f'Evaluation expected {path} in the data sample of {img}, found only '
        f'{sorted(mapping)}. To fix it, {PIPELINE_FIX}.'
    )


def _array(values: Any) -> np.ndarray:
    """Bring a tensor, box object or array to a numpy array."""
    values = getattr(values, 'tensor', values)
    if hasattr(values, 'detach'):
        values = values.detach().cpu()
        if values.dtype == torch.bfloat16:  # NumPy has none
            values = values.float()
        values = values.numpy()
    return np.asarray(values)


def _boxes(values: Any) -> np.ndarray:
    """Bring boxes to shape (N, 4), float32."""
    return _array(values).astype(np.float32).reshape(-1, 4)


def _labels(values: Any) -> np.ndarray:
    """Bring class indices to shape (N,), int64."""
    return _array(values).astype(np.int64).reshape(-1)


def encode_masks(masks: Any) -> list[Rle]:
    """Run-length encode the masks of one image, one at a time.

    Args:
        masks: Shape (N, H, W), non-zero inside: a tensor, an array, or one
            of mmdet's mask structures; or N encodings, which pass through.

    Returns:
        N encodings.
    """
    if isinstance(masks, (list, tuple)):
        return list(masks)
    if hasattr(masks, 'to_ndarray'):
        masks = masks.to_ndarray()
    return [
        mask_utils.encode(np.asfortranarray(mask != 0).view(np.uint8))
        for mask in _array(masks)
    ]


def _objects(
    sample: Mapping[str, Any],
    name: str,
    img: str,
    ignored: bool,
    with_masks: bool,
) -> GroundTruth:
    """Read the objects of one image under one key of its data sample."""
    part = _lookup(sample, name, f"['{name}']", img)
    boxes = _lookup(part, 'bboxes', f"['{name}']['bboxes']", img)
    labels = _labels(_lookup(part, 'labels', f"['{name}']['labels']", img))
    masks = None
    if with_masks or 'masks' in part:
        masks = encode_masks(
            _lookup(part, 'masks', f"['{name}']['masks']", img)
        )
    return GroundTruth(
        boxes=_boxes(boxes),
        labels=labels,
        ignored=np.full(len(labels), ignored),
        masks=masks,
        crowds=_array(part.get('crowds', np.zeros(len(labels)))).astype(bool),
    )


def _ground_truth(
    sample: Mapping[str, Any], img: str, with_masks: bool
) -> GroundTruth:
    """Read the objects of one image, those to be ignored last."""
    valid = _objects(sample, 'gt_instances', img, False, with_masks)
    skipped = _lookup(
        sample, 'ignored_instances', "['ignored_instances']", img
    )
    if not skipped:  # PackDetInputs writes no keys where there are no flags
        return valid
    ignored = _objects(sample, 'ignored_instances', img, True, with_masks)
    masks = None
    if valid.masks is not None and ignored.masks is not None:
        masks = valid.masks + ignored.masks
    return GroundTruth(
        boxes=np.concatenate([valid.boxes, ignored.boxes]),
        labels=np.concatenate([valid.labels, ignored.labels]),
        ignored=np.concatenate([valid.ignored, ignored.ignored]),
        masks=masks,
        crowds=np.concatenate([valid.crowds, ignored.crowds]),
    )


def _detections(
    sample: Mapping[str, Any], img: str, with_masks: bool
) -> Detections:
    """Read the predicted objects of one image."""
    found = _lookup(sample, 'pred_instances', "['pred_instances']", img)
    masks = None
    if with_masks:
        if 'masks' not in found:
            raise InputError(
                "metric='segm' needs masks, but the model predicted only "
                f'{sorted(found)} for {img}: it is a box-only model. Set '
                "metric='bbox' in val_evaluator and test_evaluator, or use a "
                'model with a mask head.'
            )
        masks = encode_masks(found['masks'])
    return Detections(
        boxes=_boxes(found['bboxes']),
        scores=_array(found['scores']).astype(np.float32).reshape(-1),
        labels=_labels(found['labels']),
        masks=masks,
    )


def _check_sizes(record: ImageRecord) -> None:
    """Refuse masks of another size than the original image's.

    Raises:
        InputError: If a mask has another size, naming the fix.
    """
    expected = (record.height, record.width)
    for name, part in (
        ('ground-truth', record.truth),
        ('predicted', record.detections),
    ):
        for mask in part.masks or []:
            if tuple(mask['size']) != expected:
                raise InputError(
                    f'The {name} masks of image {record.img_id!r} are '
                    f'{tuple(mask["size"])} (height, width) and the original '
                    f'image is {expected}: both must be in pixels of the '
                    f'original image. To fix it, {PIPELINE_FIX}.'
                )


def image_record(
    sample: Mapping[str, Any], with_masks: bool = False
) -> ImageRecord:
    """Collect what an evaluation needs of one image.

    Masks are encoded at once, so that a record stays small. Masks of the
    ground truth are kept whenever they are there, since COCO measures the
    area of an object on them for boxes too.

    Args:
        sample: A data sample with predictions, as ``DetDataSample.to_dict``
            gives it. Boxes (N, 4) and masks (N, H, W) are in pixels of the
            original image. ``ignored_instances`` may have ``crowds`` (N,),
            true for COCO's groups of objects, as
            :class:`~mmvision_ext.datasets.CocoInstanceDataset` gives it;
            without it there are none.
        with_masks: Whether predicted masks and true masks are required.

    Returns:
        The record; its objects are those of ``gt_instances``, then those of
        ``ignored_instances``; its detections keep their order.

    Raises:
        InputError: If the test pipeline or the model left something out, or
            masks are not those of the original image.
    """
    img = f'image {sample.get("img_path", sample.get("img_id"))!r}'
    height, width = _lookup(sample, 'ori_shape', "['ori_shape']", img)[:2]
    record = ImageRecord(
        img_id=_lookup(sample, 'img_id', "['img_id']", img),
        height=int(height),
        width=int(width),
        truth=_ground_truth(sample, img, with_masks),
        detections=_detections(sample, img, with_masks),
    )
    _check_sizes(record)
    return record
