"""Annotated objects of COCO files: instances, panoptic or COCONut."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

from mmvision_ext.utils import brief

from .coco_checks import check_coco, is_number
from .errors import AnnotationError, require_file
from .json_files import read_json


@dataclass(frozen=True)
class CocoObject:
    """One annotated object.

    Attributes:
        ann_id: Its annotation id; in a panoptic file its place in the file.
        category: Name of its category.
        area: Its area in square pixels.
        crowd: Whether it is a group that was not told apart.
        bbox: x, y, width and height in pixels; None where there is no box.
    """

    ann_id: int
    category: str
    area: float
    crowd: bool
    bbox: tuple[float, ...] | None


@dataclass(frozen=True)
class CocoImage:
    """One image and its objects.

    Attributes:
        img_id: Its id.
        file_name: Its file, relative to the image folder.
        height: Height in pixels.
        width: Width in pixels.
        objects: Its objects, in the order of the file.
    """

    img_id: int
    file_name: str
    height: int
    width: int
    objects: list[CocoObject]


@dataclass(frozen=True)
class CocoObjects:
    """A file's images and categories.

    Attributes:
        images: The images by their id.
        categories: Names of all categories.
    """

    images: list[CocoImage]
    categories: tuple[str, ...]


def read_coco_objects(path: str | Path) -> CocoObjects:
    """Read the objects of a COCO file.

    Args:
        path: An instance file, or a panoptic one (COCO's or COCONut's, with
            ``segments_info`` in its annotations).

    Returns:
        Images and categories.

    Raises:
        DatasetError: If there is no such file.
        AnnotationError: If it is malformed.
    """
    path = Path(path)
    require_file(path, 'ann_file', 'a COCO annotation file')
    content = read_json(path)
    content = _as_instances(path, content)
    check_coco(content, path)
    categories = {c['id']: c['name'] for c in content['categories']}
    images = {
        item['id']: CocoImage(
            item['id'],
            item['file_name'],
            int(item['height']),
            int(item['width']),
            [],
        )
        for item in content['images']
    }
    for item in content['annotations']:
        if item['category_id'] not in categories:
            raise AnnotationError(
                f'{path}: annotation {item["id"]} has category_id '
                f'{brief(item["category_id"])}, which no entry of '
                "'categories' has"
            )
        box = item.get('bbox')
        images[item['image_id']].objects.append(
            CocoObject(
                ann_id=item['id'],
                category=categories[item['category_id']],
                area=_area(path, item),
                crowd=bool(item.get('iscrowd', False)),
                bbox=tuple(box) if _is_box(box) else None,
            )
        )
    return CocoObjects(
        [images[key] for key in sorted(images)], tuple(categories.values())
    )


def _is_box(box: Any) -> TypeGuard[list[float]]:
    """Whether a JSON value is x, y, width and height."""
    return (
        isinstance(box, list)
        and len(box) == 4
        and all(is_number(value) for value in box)
    )


def _as_instances(path: Path, content: Any) -> Any:
    """A panoptic file with one annotation a segment; others unchanged."""
    if not isinstance(content, Mapping):
        return content
    annotations = content.get('annotations')
    if not isinstance(annotations, list) or not any(
        isinstance(item, Mapping) and 'segments_info' in item
        for item in annotations
    ):
        return content
    segments: list[dict[str, Any]] = []
    for index, item in enumerate(annotations):
        if not isinstance(item, Mapping) or not isinstance(
            item.get('segments_info'), list
        ):
            raise AnnotationError(
                f'{path}, annotations[{index}]: expected a list '
                "'segments_info', as the other annotations have, found none"
            )
        for segment in item['segments_info']:
            if not isinstance(segment, Mapping):
                raise AnnotationError(
                    f'{path}, annotations[{index}].segments_info: expected '
                    f'objects with category_id, found {brief(segment)}'
                )
            segments.append(
                {
                    **segment,
                    'id': len(segments) + 1,
                    'image_id': item.get('image_id'),
                }
            )
    return {**content, 'annotations': segments}


def _area(path: Path, item: Mapping[str, Any]) -> float:
    """Area of an annotation; that of its box where none is given."""
    area, box = item.get('area'), item.get('bbox')
    if area is None and _is_box(box):
        area = box[2] * box[3]
    if area is None or not is_number(area) or area < 0:
        raise AnnotationError(
            f'{path}: annotation {item["id"]}: expected an area in pixels, or '
            f'a bbox, found area {brief(area)} and bbox {brief(box)}'
        )
    return float(area)
