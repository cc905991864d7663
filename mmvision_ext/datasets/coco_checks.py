"""What is wrong with a COCO annotation file, or with one annotation."""

import math
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .errors import AnnotationError
from .report import Reason

MIN_POLYGON = 6  # numbers: three points

_SECTIONS = ('images', 'annotations', 'categories')
_NEEDED = dict(
    images=('id', 'file_name', 'width', 'height'),
    annotations=('id', 'image_id', 'category_id'),
    categories=('id', 'name'),
)


def check_coco(content: Any, path: str | Path) -> None:
    """Check a file's structure, so that every later access finds its key.

    Args:
        content: The file's JSON.
        path: The file, for messages.

    Raises:
        AnnotationError: If a section or field is missing, an id occurs twice
            or an annotation names an image that is not there.
    """
    if not isinstance(content, Mapping):
        raise AnnotationError(
            f'{path}: expected a JSON object with {", ".join(_SECTIONS)}, '
            f'found a {type(content).__name__}'
        )
    for section in _SECTIONS:
        if not isinstance(content.get(section), list):
            raise AnnotationError(
                f"{path}: expected a list '{section}', found "
                f'{", ".join(map(str, content)) or "an empty object"}'
            )
        for index, entry in enumerate(content[section]):
            _check_entry(path, section, index, entry)
        _check_unique(path, section, 'id', content[section])
    _check_unique(path, 'categories', 'name', content['categories'])
    image_ids = {image['id'] for image in content['images']}
    for entry in content['annotations']:
        if entry['image_id'] not in image_ids:
            raise AnnotationError(
                f'{path}: annotation {entry["id"]} has image_id '
                f"{entry['image_id']}, which no entry of 'images' has"
            )


def box_fault(
    annotation: Mapping[str, Any], size: tuple[int, int]
) -> Reason | None:
    """Why an annotation's box cannot be used.

    Args:
        annotation: One entry of ``annotations``.
        size: Image (width, height) in pixels.

    Returns:
        The reason, None for a usable box.
    """
    bbox = annotation.get('bbox')
    if (
        not isinstance(bbox, list)
        or len(bbox) != 4
        or not all(_is_number(value) for value in bbox)
        or not _is_number(annotation.get('area', 0))
    ):
        return Reason.BAD_BOX
    x, y, width, height = bbox
    if width < 1 or height < 1 or annotation.get('area', 1) <= 0:
        return Reason.ZERO_AREA
    if x >= size[0] or y >= size[1] or x + width <= 0 or y + height <= 0:
        return Reason.OUTSIDE
    return None


def segmentation_fault(
    annotation: Mapping[str, Any], size: tuple[int, int]
) -> Reason | None:
    """Why an annotation's mask cannot be used, or not all of it.

    Args:
        annotation: One entry of ``annotations``.
        size: Image (width, height) in pixels.

    Returns:
        ``NO_SEGMENTATION``, ``BAD_SEGMENTATION``, ``PARTLY_BAD`` when at
        least one polygon is valid, None for a usable mask.
    """
    segmentation = annotation.get('segmentation')
    if not segmentation:
        return Reason.NO_SEGMENTATION
    if isinstance(segmentation, Mapping):
        width, height = size
        valid = list(segmentation.get('size', ())) == [
            height,
            width,
        ] and isinstance(segmentation.get('counts'), (str, list))
        return None if valid else Reason.BAD_SEGMENTATION
    if not isinstance(segmentation, list):
        return Reason.BAD_SEGMENTATION
    usable = sum(is_polygon(part) for part in segmentation)
    if not usable:
        return Reason.BAD_SEGMENTATION
    return None if usable == len(segmentation) else Reason.PARTLY_BAD


def is_polygon(part: Any) -> bool:
    """Whether one part of a segmentation is a polygon.

    Args:
        part: Anything found in a ``segmentation`` list.

    Returns:
        True for a list of at least three points, x and y in turn.
    """
    return (
        isinstance(part, list)
        and len(part) >= MIN_POLYGON
        and len(part) % 2 == 0
        and all(_is_number(v) for v in part)
    )


def _is_number(value: Any) -> bool:
    """Whether a JSON value is a finite number."""
    return (
        isinstance(value, (int, float))
        and not isinstance(value, bool)
        and math.isfinite(value)
    )


def _check_entry(
    path: str | Path, section: str, index: int, entry: Any
) -> None:
    """One entry of a section must have the fields that are needed."""
    if not isinstance(entry, Mapping):
        raise AnnotationError(
            f'{path}: {section}[{index}]: expected a JSON object, found a '
            f'{type(entry).__name__}'
        )
    for key in _NEEDED[section]:
        if key not in entry:
            named = f' (id {entry["id"]})' if 'id' in entry else ''
            raise AnnotationError(
                f"{path}: {section}[{index}]{named} has no '{key}'; it has "
                f'{", ".join(entry)}'
            )
    for key in ('width', 'height') if section == 'images' else ():
        if not _is_number(entry[key]) or entry[key] < 1:
            raise AnnotationError(
                f'{path}: image {entry["id"]}: {key}: expected a number of '
                f'pixels, found {entry[key]!r}'
            )


def _check_unique(
    path: str | Path, section: str, key: str, entries: list[Mapping[str, Any]]
) -> None:
    """No two entries may share an id or a name."""
    counts = Counter(entry[key] for entry in entries)
    doubled = [str(value) for value, count in counts.items() if count > 1]
    if doubled:
        raise AnnotationError(
            f"{path}: '{section}' has {len(doubled)} {key}s more than once: "
            f'{", ".join(doubled[:5])}; each must be unique'
        )
