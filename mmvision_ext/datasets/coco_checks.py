"""What is wrong with a COCO annotation file, or with one annotation."""

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mmvision_ext.utils import brief

from .errors import AnnotationError
from .report import Reason
from .text_lists import is_file_name
from .voc_devkit import MAX_OVERHANG, MAX_SIDE, Box

MIN_POLYGON = 6  # numbers: three points

_LARGEST = 2**53  # whole numbers up to here are exact as floats
_LARGEST_ID = 2**63
MAX_ID = 250  # characters of an id that is a text

_SECTIONS = ('images', 'annotations', 'categories')
_FLAGS = ('iscrowd', 'ignore', 'difficult', 'no_mask')
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
        AnnotationError: If a section or field is missing or of another kind,
            an id occurs twice or an annotation names an image that is not
            there.
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
                + (
                    brief(content[section])
                    if section in content
                    else brief(list(content))
                    if content
                    else 'an empty object'
                )
            )
        for index, entry in enumerate(content[section]):
            _check_entry(path, section, index, entry)
        _check_unique(path, section, 'id', content[section])
        _check_one_kind(path, section, content[section])
    _check_unique(path, 'categories', 'name', content['categories'])
    image_ids = {image['id'] for image in content['images']}
    for entry in content['annotations']:
        if entry['image_id'] not in image_ids:
            raise AnnotationError(
                f'{path}: annotation {entry["id"]} has image_id '
                f"{brief(entry['image_id'])}, which no entry of 'images' has"
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
        or not all(is_number(value) for value in bbox)
        or not is_number(annotation.get('area', 0))
    ):
        return Reason.BAD_BOX
    x, y, width, height = bbox
    if width < 1 or height < 1 or annotation.get('area', 1) <= 0:
        return Reason.ZERO_AREA
    x1, y1, x2, y2 = fit_overhang((x, y, x + width, y + height), size)
    if x >= size[0] or y >= size[1] or x + width <= 0 or y + height <= 0:
        return Reason.OUTSIDE
    return Reason.OUTSIDE if x2 - x1 < 1 or y2 - y1 < 1 else None


def fit_overhang(box: Box, size: tuple[int, int]) -> Box:
    """Clip a box that leaves its image by more than a pixel.

    COCO's own boxes leave theirs by fractions of one and stay as published.

    Args:
        box: x1, y1, x2, y2 in pixels.
        size: Image (width, height) in pixels.

    Returns:
        The box, or its part in the image.
    """
    x1, y1, x2, y2 = box
    width, height = size
    if max(-x1, -y1, x2 - width, y2 - height) <= MAX_OVERHANG:
        return box
    return max(x1, 0), max(y1, 0), min(x2, width), min(y2, height)


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
        valid = _is_rle(segmentation, size)
        return None if valid else Reason.BAD_SEGMENTATION
    if not isinstance(segmentation, list):
        return Reason.BAD_SEGMENTATION
    usable = sum(is_polygon(part, size) for part in segmentation)
    if not usable:
        return Reason.BAD_SEGMENTATION
    return None if usable == len(segmentation) else Reason.PARTLY_BAD


def is_polygon(part: Any, size: tuple[int, int]) -> bool:
    """Whether one part of a segmentation is a polygon.

    pycocotools walks along its lines in steps, so that points far away fill
    the memory.

    Args:
        part: Anything found in a ``segmentation`` list.
        size: Image (width, height) in pixels.

    Returns:
        True for a list of at least three points, x and y in turn, none of
        them further from the image than its size.
    """
    return (
        isinstance(part, list)
        and len(part) >= MIN_POLYGON
        and len(part) % 2 == 0
        and all(is_number(value) for value in part)
        and all(
            -side <= value <= 2 * side
            for axis, side in enumerate(size)
            for value in part[axis::2]
        )
    )


def is_number(value: Any) -> bool:
    """Whether a JSON value is a number that can be calculated with.

    Args:
        value: Anything.

    Returns:
        True for numbers that are finite and at most 2**53 in size.
    """
    return (
        isinstance(value, (int, float))
        and not isinstance(value, bool)
        and -_LARGEST <= value <= _LARGEST
    )


def rle_runs(counts: str) -> list[int]:
    """Lengths of the runs of a compressed mask.

    Args:
        counts: ``counts`` as pycocotools compresses them: 5 bits a character,
            from the lowest, with a sign; from the fourth on the difference to
            the last but one.

    Returns:
        The lengths; negative ones where the text is malformed.
    """
    runs: list[int] = []
    value, shift = 0, 0
    for code in counts.encode('utf-8'):
        bits = code - 48
        value |= (bits & 31) << shift
        shift += 5
        if bits & 32:
            continue
        if bits & 16:
            value -= 1 << shift
        runs.append(value + runs[-2] if len(runs) > 2 else value)
        value, shift = 0, 0
    return runs if not shift else [-1]


def _is_rle(segmentation: Mapping[str, Any], size: tuple[int, int]) -> bool:
    """Whether the runs of a mask fill its image exactly.

    pycocotools reads memory that is not the mask's where they do not.
    """
    width, height = size
    if segmentation.get('size') != [height, width]:
        return False
    runs = segmentation.get('counts')
    if isinstance(runs, str):
        runs = rle_runs(runs)
    return (
        isinstance(runs, list)
        and all(type(run) is int and run >= 0 for run in runs)
        and sum(runs) == width * height
    )


def _is_id(value: Any) -> bool:
    """A whole number, or a text."""
    if isinstance(value, float):
        return value.is_integer() and is_number(value)
    return (isinstance(value, str) and len(value) <= MAX_ID) or (
        type(value) is int and -_LARGEST_ID <= value < _LARGEST_ID
    )


def _is_side(value: Any) -> bool:
    return is_number(value) and 1 <= value <= MAX_SIDE and value == int(value)


_AN_ID = (_is_id, 'a whole number')
_A_SIDE = (_is_side, f'a whole number of pixels, from 1 to {MAX_SIDE}')
_KINDS: dict[str, tuple[Callable[[Any], bool], str]] = dict(
    id=_AN_ID,
    image_id=_AN_ID,
    category_id=_AN_ID,
    width=_A_SIDE,
    height=_A_SIDE,
    file_name=(is_file_name, 'the name of a file'),
    name=(
        lambda value: isinstance(value, str) and bool(value.strip()),
        'a name',
    ),
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
            named = f' (id {brief(entry["id"])})' if 'id' in entry else ''
            raise AnnotationError(
                f"{path}: {section}[{index}]{named} has no '{key}'; it has "
                f'{brief(list(entry))}'
            )
        sound, expected = _KINDS[key]
        if not sound(entry[key]):
            raise AnnotationError(
                f'{path}: {section}[{index}].{key}: expected {expected}, '
                f'found {brief(entry[key])}'
            )
    for key in _FLAGS if section == 'annotations' else ():
        if entry.get(key) not in (None, 0, 1):
            raise AnnotationError(
                f'{path}: {section}[{index}].{key}: expected 0 or 1, found '
                f'{brief(entry[key])}'
            )


def _check_one_kind(
    path: str | Path, section: str, entries: list[Mapping[str, Any]]
) -> None:
    """Ids have an order, as numbers or as texts."""
    if len({isinstance(entry['id'], str) for entry in entries}) > 1:
        raise AnnotationError(
            f"{path}: '{section}' has ids that are numbers and ids that are "
            'texts; write all of them as numbers'
        )


def _check_unique(
    path: str | Path, section: str, key: str, entries: list[Mapping[str, Any]]
) -> None:
    """No two entries may share an id or a name."""
    counts = Counter(entry[key] for entry in entries)
    doubled = [brief(value) for value, count in counts.items() if count > 1]
    if doubled:
        raise AnnotationError(
            f"{path}: '{section}' has {len(doubled)} {key}s more than once: "
            f'{", ".join(doubled[:5])}; each must be unique'
        )
