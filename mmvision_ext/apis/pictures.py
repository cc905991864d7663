"""Pictures of data samples."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from mmdet.structures import DetDataSample
from mmdet.structures.bbox import get_box_tensor
from mmengine.structures import InstanceData
from numpy.typing import NDArray

from mmvision_ext.visualization.draw import Picture, draw_boxes
from mmvision_ext.visualization.palette import Color, class_colors

IGNORED_COLOR: Color = (150, 150, 150)


def draw_ground_truth(
    image: Picture,
    sample: DetDataSample,
    dataset_meta: Mapping[str, Any],
    long_side: int | None = None,
) -> tuple[Picture, str]:
    """Draw the annotated objects, those that are ignored in grey.

    Args:
        image: RGB, shape (H, W, 3), uint8.
        sample: A data sample with ``gt_instances`` in pixels of ``image``.
        dataset_meta: ``classes`` and ``palette`` of the dataset.
        long_side: Long side of the picture in pixels; None keeps the size of
            the image and enlarges small ones.

    Returns:
        The picture, RGB, uint8, and a caption with the number of objects.
    """
    names = dataset_meta['classes']
    table = class_colors(len(names), dataset_meta.get('palette'))
    objects = sample.gt_instances
    ignored = sample.get('ignored_instances', InstanceData())
    labels = objects.labels.tolist()
    colors = [table[label] for label in labels]
    texts = [names[label] for label in labels]
    boxes = [_boxes(objects)]
    masks = [instance_masks(objects)]
    caption = f'ground truth: {len(labels)}'
    if len(ignored):
        labels = ignored.labels.tolist()
        colors += [IGNORED_COLOR] * len(labels)
        texts += [f'{names[label]} (ignored)' for label in labels]
        boxes.append(_boxes(ignored))
        masks.append(instance_masks(ignored))
        caption += f' and {len(labels)} ignored'
    drawn = [part for part in masks if part is not None]
    picture = draw_boxes(
        image,
        np.concatenate(boxes),
        colors,
        texts,
        np.concatenate(drawn) if len(drawn) == len(boxes) else None,
        dashed=True,
        long_side=long_side,
    )
    return picture, caption


def instance_masks(instances: InstanceData) -> NDArray[np.bool_] | None:
    """Masks of ground truth or predictions as an array.

    Args:
        instances: mmdet instances whose ``masks``, if any, are a mmdet mask
            structure, a tensor or an array.

    Returns:
        Shape (N, H, W), bool; None where there are no masks.
    """
    if 'masks' not in instances:
        return None
    masks = instances.masks
    if hasattr(masks, 'to_ndarray'):
        masks = masks.to_ndarray()
    return np.asarray(masks).astype(bool)


def _boxes(instances: InstanceData) -> NDArray[np.float32]:
    return get_box_tensor(instances.bboxes).float().numpy().reshape(-1, 4)
