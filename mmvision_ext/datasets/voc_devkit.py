"""Files of a PASCAL VOC devkit: image lists, XML annotations, images.

Boxes leave this module as continuous pixel edges from 0: VOC's inclusive,
1-based ``xmin, ymin, xmax, ymax`` become ``[xmin - 1, ymin - 1, xmax, ymax]``,
so that a width is ``x2 - x1``.
"""

import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from mmvision_ext.utils import BRIEF, brief

from .errors import IMAGE_FAULTS, AnnotationError, DatasetError
from .text_lists import is_file_name, read_text
from .xml_files import read_number, read_xml

IMAGE_SUFFIXES = ('.jpg', '.jpeg', '.png', '.JPG', '.JPEG', '.PNG')
MAX_OVERHANG = 1.0  # pixels a box may stick out of its image
MAX_SIDE = 2**20  # pixels of an image

_EXIF_ORIENTATION = 0x0112
_EXIF_TURNED = (5, 6, 7, 8)  # width and height change places

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class ListEntry:
    """One line of an image list.

    Attributes:
        img_id: The image's id.
        line: Number of the line, from 1.
        flag: Second column of a class list (-1, 0 or 1), None without one.
    """

    img_id: str
    line: int
    flag: int | None


@dataclass(frozen=True)
class VOCObject:
    """One annotated object.

    Attributes:
        name: Class name.
        bbox: ``(x1, y1, x2, y2)``, pixel edges from 0, as the file gives it.
        difficult: Whether it is left out of evaluation.
    """

    name: str
    bbox: Box
    difficult: bool


@dataclass(frozen=True)
class VOCAnnotation:
    """One annotation file.

    Attributes:
        path: The file.
        size: Image (width, height) in pixels, None where the file has none.
        objects: The objects in file order.
    """

    path: Path
    size: tuple[int, int] | None
    objects: tuple[VOCObject, ...]


def read_image_list(path: Path) -> list[ListEntry]:
    """Read an image list: one id a line, or a class list with -1/0/1.

    Args:
        path: For example ``ImageSets/Segmentation/train.txt`` or
            ``ImageSets/Main/cat_train.txt``.

    Returns:
        The entries in file order, those with flag -1 included.

    Raises:
        DatasetError: If the file does not exist.
        AnnotationError: If a line cannot be read or an id occurs twice.
    """
    if not path.is_file():
        near = sorted(p.name for p in path.parent.glob('*.txt'))[:10]
        raise DatasetError(
            f"ann_file: no image list '{path}'; "
            + (
                f'its folder has {", ".join(near)}'
                if near
                else 'its folder has no .txt file either: check data_root'
            )
        )
    entries: list[ListEntry] = []
    seen: dict[str, int] = {}
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        fields = line.split()
        if not fields:
            continue
        if (
            len(fields) > 2
            or fields[1:] not in ([], ['-1'], ['0'], ['1'])
            or not is_file_name(fields[0])
        ):
            raise AnnotationError(
                f'{path}, line {number}: expected an image id, or an id and '
                f'-1, 0 or 1, found {brief(line.strip())}'
            )
        img_id = fields[0]
        if img_id in seen:
            raise AnnotationError(
                f"{path}, line {number}: image id '{img_id}' is already on "
                f'line {seen[img_id]}; remove one of the two'
            )
        seen[img_id] = number
        flag = int(fields[1]) if len(fields) == 2 else None
        entries.append(ListEntry(img_id, number, flag))
    return entries


def find_image(folder: Path, img_id: str) -> Path | None:
    """Find an image by its id, whatever its suffix.

    Args:
        folder: Image folder.
        img_id: File name without suffix.

    Returns:
        The first that exists of :data:`IMAGE_SUFFIXES`, or None.
    """
    paths = (folder / f'{img_id}{suffix}' for suffix in IMAGE_SUFFIXES)
    return next((path for path in paths if path.is_file()), None)


def read_image_size(path: Path) -> tuple[int, int]:
    """Read an image's size from its header, as it looks when loaded.

    Args:
        path: Image file.

    Returns:
        (width, height) in pixels, after the EXIF rotation that mmcv applies.

    Raises:
        AnnotationError: If the file is not a readable image.
    """
    try:
        with Image.open(path) as image:
            width, height = image.size
            turned = image.getexif().get(_EXIF_ORIENTATION) in _EXIF_TURNED
    except IMAGE_FAULTS as error:
        raise AnnotationError(
            f'{path}: expected an image, found something else '
            f'({error}); replace the file or take its id off the image list'
        ) from error
    return (height, width) if turned else (width, height)


def parse_voc_xml(path: Path) -> VOCAnnotation:
    """Read one annotation file.

    ``pose``, ``truncated``, ``difficult`` and ``size`` may be missing;
    coordinates may be floats.

    Args:
        path: XML file.

    Returns:
        Its content, boxes as pixel edges from 0.

    Raises:
        AnnotationError: If the file is not such an annotation.
    """
    root = read_xml(path)
    if root.tag != 'annotation':
        raise AnnotationError(
            f'{path}: expected <annotation> as outermost '
            f'element, found <{root.tag[:BRIEF]}>'
        )
    objects = tuple(
        _parse_object(path, f'object {index}', node)
        for index, node in enumerate(root.findall('object'), start=1)
    )
    return VOCAnnotation(path, _parse_size(path, root.find('size')), objects)


def clip_to_image(
    bbox: Box,
    size: tuple[int, int],
    place: str,
    max_overhang: float = MAX_OVERHANG,
) -> Box:
    """Clip a box that sticks out of its image a little.

    Args:
        bbox: ``(x1, y1, x2, y2)``, pixel edges from 0.
        size: Image (width, height) in pixels.
        place: File and object, for the message.
        max_overhang: Pixels by which it may stick out.

    Returns:
        The box within the image.

    Raises:
        AnnotationError: If the box is outside or sticks out further.
    """
    width, height = size
    x1, y1, x2, y2 = bbox
    clipped = (
        max(x1, 0.0),
        max(y1, 0.0),
        min(x2, float(width)),
        min(y2, float(height)),
    )
    overhang = max(abs(a - b) for a, b in zip(bbox, clipped, strict=True))
    empty = clipped[0] >= clipped[2] or clipped[1] >= clipped[3]
    if overhang > max_overhang or empty:
        raise AnnotationError(
            f'{place}: bndbox is outside the image: expected 1 <= xmin <= '
            f'xmax <= {width} and 1 <= ymin <= ymax <= {height}, found xmin '
            f'{x1 + 1:g}, ymin {y1 + 1:g}, xmax {x2:g}, ymax {y2:g}; mend it, '
            'or the size of the image'
        )
    return clipped


def _parse_object(
    path: Path, where: str, node: ElementTree.Element
) -> VOCObject:
    """One ``<object>``."""
    name = (node.findtext('name') or '').strip()
    if not name:
        raise AnnotationError(
            f'{path}: {where} has no class: <name> is missing or empty'
        )
    where = f'{where} ({name[:BRIEF]})'
    box = node.find('bndbox')
    if box is None:
        raise AnnotationError(f'{path}: {where} has no <bndbox>')
    xmin, ymin, xmax, ymax = (
        read_number(f'{path}: {where}, bndbox/{key}', box.find(key))
        for key in ('xmin', 'ymin', 'xmax', 'ymax')
    )
    if xmax < xmin or ymax < ymin:
        raise AnnotationError(
            f'{path}: {where} has an inverted bndbox: expected xmin <= xmax '
            f'and ymin <= ymax, found xmin {xmin:g}, ymin {ymin:g}, xmax '
            f'{xmax:g}, ymax {ymax:g}'
        )
    difficult = 0.0
    flag = node.find('difficult')
    if flag is not None and (flag.text or '').strip():
        difficult = read_number(f'{path}: {where}, difficult', flag)
    if difficult not in (0.0, 1.0):
        raise AnnotationError(
            f'{path}: {where}, difficult: expected 0 or 1, found {difficult:g}'
        )
    return VOCObject(name, (xmin - 1, ymin - 1, xmax, ymax), difficult == 1)


def _parse_size(
    path: Path, node: ElementTree.Element | None
) -> tuple[int, int] | None:
    """Width and height; None where missing or 0, as some tools write it."""
    if node is None:
        return None
    sides = [
        read_number(f'{path}: size/{key}', node.find(key))
        for key in ('width', 'height')
    ]
    if 0 in sides:
        return None
    if any(not 0 < side <= MAX_SIDE or side != int(side) for side in sides):
        raise AnnotationError(
            f'{path}: size: expected a width and a height in whole pixels, '
            f'at most {MAX_SIDE}, found {sides[0]:g} and {sides[1]:g}'
        )
    return int(sides[0]), int(sides[1])
