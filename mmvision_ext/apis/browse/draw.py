"""What is to be learnt, drawn on the pixels that the network gets."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from mmdet.structures import DetDataSample
from mmdet.structures.bbox import get_box_tensor
from mmengine.structures import InstanceData
from numpy.typing import NDArray

from mmvision_ext.apis.pictures import IGNORED_COLOR, instance_masks
from mmvision_ext.visualization.draw import Picture, draw_boxes, to_canvas
from mmvision_ext.visualization.palette import class_colors

from .inputs import NetworkInput

_SHOWN = 8  # names in a caption
_PRESENT = 0.5  # of a score that says whether there is an attribute


def draw_input(
    item: NetworkInput, long_side: int | None = None
) -> tuple[Picture, str]:
    """Draw a sample and describe it.

    Args:
        item: The sample.
        long_side: Of the picture in pixels; None keeps its size.

    Returns:
        RGB with boxes and masks, where there are any, and a caption of one or
        more lines: the file, then the class with its share, or the attributes.
    """
    name = str(item.sample.get('img_path') or item.sample.get('img_id') or '')
    lines = [name.rpartition('/')[2]] if name else []
    size = f'{item.pixels.shape[1]} x {item.pixels.shape[0]}'
    if isinstance(item.sample, DetDataSample):
        picture = _draw_objects(item, long_side)
        lines += [f'{size}, {_count(item)}', *_object_attributes(item)]
    else:
        picture, _ = to_canvas(item.pixels, long_side)
        lines += [size, _targets(item)]
    return picture, '\n'.join(lines)


def _draw_objects(item: NetworkInput, long_side: int | None) -> Picture:
    """Boxes and masks in the colours of their classes; ignored ones grey."""
    objects, ignored = item.sample.gt_instances, _ignored(item)
    parts = [part for part in (objects, ignored) if len(part)]
    labels = objects.labels.tolist()
    names = item.metainfo.get('classes')
    count = max([len(names or ()), *(label + 1 for label in labels)])
    colors = class_colors(count, item.metainfo.get('palette'))
    return draw_boxes(
        item.pixels,
        [box for part in parts for box in get_box_tensor(part.bboxes).numpy()],
        [colors[i] for i in labels] + [IGNORED_COLOR] * len(ignored),
        [_name(names, i) for i in labels] + ['ignored'] * len(ignored),
        _masks(parts, *item.pixels.shape[:2]),
        dashed=True,
        long_side=long_side,
    )


def _masks(
    parts: Sequence[InstanceData], height: int, width: int
) -> NDArray[np.bool_] | None:
    """Masks of all objects on the image without its padding, if there are."""
    found = [instance_masks(part) for part in parts]
    if all(masks is None for masks in found):
        return None
    # Only the masks of objects to be learnt are padded with their image.
    return np.concatenate(
        [
            np.zeros((len(part), height, width), bool)
            if masks is None
            else masks[:, :height, :width]
            for part, masks in zip(parts, found, strict=True)
        ]
    )


def _ignored(item: NetworkInput) -> InstanceData:
    return item.sample.get('ignored_instances', InstanceData())


def _count(item: NetworkInput) -> str:
    found, ignored = len(item.sample.gt_instances), len(_ignored(item))
    more = f', {ignored} ignored' if ignored else ''
    return f'{found} object{"" if found == 1 else "s"}{more}'


def _object_attributes(item: NetworkInput) -> list[str]:
    """One line for each object with attributes."""
    objects = item.sample.gt_instances
    if 'attributes' not in objects:
        return []
    classes = item.metainfo['classes']
    return [
        f'{classes[label]}: '
        + _present(row * mask, item.metainfo['attributes'])
        for label, row, mask in zip(
            objects.labels.tolist(),
            objects.attributes,
            objects.attribute_mask,
            strict=True,
        )
    ]


def _targets(item: NetworkInput) -> str:
    """The class, its share of a mixture, or the attributes."""
    names: Any = item.metainfo.get('classes')
    sample = item.sample
    if 'gt_score' not in sample:
        return ', '.join(
            _name(names, label) for label in sample.gt_label.tolist()
        )
    scores = sample.gt_score
    if 'attribute_groups' not in item.metainfo:
        shares = torch.sort(scores, descending=True)
        return ', '.join(
            f'{_name(names, index)} {share:.2f}'
            for share, index in zip(
                shares.values[:2].tolist(),
                shares.indices[:2].tolist(),
                strict=True,
            )
            if share > 0
        )
    mask = sample.get('gt_mask')
    known = scores if mask is None else scores * mask
    unknown = '' if mask is None else f'; {int((~mask).sum())} unknown'
    return _present(known, names) + unknown


def _present(scores: torch.Tensor, names: Sequence[str]) -> str:
    found = [
        names[index] for index in np.flatnonzero(scores.numpy() > _PRESENT)
    ]
    more = f' and {len(found) - _SHOWN} more' if len(found) > _SHOWN else ''
    return (', '.join(found[:_SHOWN]) or 'no attribute') + more


def _name(names: Any, index: int) -> str:
    return names[index] if names else f'class {index}'
