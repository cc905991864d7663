"""Horizontal VOC annotations from oriented ones, such as those of DIOR-R."""

import math
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from mmvision_ext.utils import BRIEF

from .errors import AnnotationError, DatasetError, raise_together
from .voc_devkit import Box
from .voc_reader import with_progress
from .xml_files import read_number, read_xml

#: Tags of the four corners, by the element that holds them: (x, y) each.
CORNERS = {
    'robndbox': tuple(
        (f'x_{side}', f'y_{side}')
        for side in ('left_top', 'right_top', 'right_bottom', 'left_bottom')
    ),
    'polygon': tuple((f'x{number}', f'y{number}') for number in range(1, 5)),
}
_DROPPED = (*CORNERS, 'angle', 'bndbox')


@dataclass
class OrientedCount:
    """What a conversion did.

    Attributes:
        files: Files written.
        objects: Objects in them.
        clipped: Of these, boxes that stuck out of their image.
    """

    files: int = 0
    objects: int = 0
    clipped: int = 0

    def text(self) -> str:
        """The counts as a sentence."""
        return (
            f'{self.files} files written, {self.objects} objects, '
            f'{self.clipped} boxes clipped to their image'
        )


def convert_oriented(source: str | Path, out: str | Path) -> OrientedCount:
    """Write a horizontal annotation for every oriented one of a folder.

    The box of an object is the smallest that holds its four corners
    (``robndbox`` of DIOR-R, or ``polygon`` with ``x1`` to ``y4``), in the
    coordinates of the file, within the image where the file has its size.
    Everything else stays as it is. All files are read before one is written.

    Args:
        source: Folder of ``.xml`` files.
        out: Folder for files of the same names, made if needed.

    Returns:
        The counts.

    Raises:
        DatasetError: If there are no files, or ``out`` has some already.
        AnnotationError: If files are malformed; names the first ten.
    """
    paths = sorted(Path(source).glob('*.xml'))
    if not paths:
        raise DatasetError(
            f"SOURCE: expected .xml files in a folder, '{source}' has none"
        )
    if any(Path(out).glob('*.xml')):
        raise DatasetError(
            f"--out: expected a folder without annotations, '{out}' has some "
            'already; name another one'
        )
    count = OrientedCount()
    errors: list[AnnotationError] = []
    converted: dict[str, bytes] = {}
    for path in with_progress(paths, 'Reading'):
        try:
            converted[path.name] = _convert_file(path, count)
        except AnnotationError as error:
            errors.append(error)
    raise_together(errors, 'files cannot be converted')
    Path(out).mkdir(parents=True, exist_ok=True)
    for name, content in converted.items():
        (Path(out) / name).write_bytes(content)
    count.files = len(converted)
    return count


def horizontal_box(
    corners: Iterable[tuple[float, float]], size: tuple[int, int] | None = None
) -> Box:
    """The smallest horizontal box that holds some points.

    Args:
        corners: (x, y) in VOC's coordinates: inclusive pixels from 1.
        size: Image (width, height) in pixels, which limits the box.

    Returns:
        ``(xmin, ymin, xmax, ymax)`` in the same coordinates; without extent
        where all points are outside the image.
    """
    xs, ys = zip(*corners, strict=True)
    limits = [(1.0, float(side)) for side in size or ()]
    sides = []
    for values, limit in zip(
        (xs, ys), limits or [(-math.inf, math.inf)] * 2, strict=True
    ):
        sides.append((max(min(values), limit[0]), min(max(values), limit[1])))
    (xmin, xmax), (ymin, ymax) = sides
    return xmin, ymin, xmax, ymax


def _convert_file(path: Path, count: OrientedCount) -> bytes:
    """The horizontal annotation of one file."""
    root = read_xml(path)
    size = _size(path, root)
    for index, node in enumerate(root.findall('object'), start=1):
        name = (node.findtext('name') or '').strip()
        where = f'{path}: object {index} ({name[:BRIEF] or "no name"})'
        corners = _corners(where, node)
        box = horizontal_box(corners, size)
        if box[0] > box[2] or box[1] > box[3]:
            raise AnnotationError(
                f'{where}: expected corners around pixels of the image, '
                f'{size}, found {corners}'
            )
        count.objects += 1
        count.clipped += box != horizontal_box(corners)
        _set_box(node, box)
    ElementTree.indent(root, '\t')
    return ElementTree.tostring(root, encoding='utf-8')


def _size(path: Path, root: ElementTree.Element) -> tuple[int, int] | None:
    """Width and height of the image, None where the file has none."""
    node = root.find('size')
    if node is None:
        return None
    width, height = (
        int(read_number(f'{path}: size/{key}', node.find(key)))
        for key in ('width', 'height')
    )
    return (width, height) if width > 0 and height > 0 else None


def _corners(
    where: str, node: ElementTree.Element
) -> list[tuple[float, float]]:
    """The four corners of an object."""
    for kind, tags in CORNERS.items():
        holder = node.find(kind)
        if holder is not None:
            return [
                (
                    read_number(f'{where}, {kind}/{x}', holder.find(x)),
                    read_number(f'{where}, {kind}/{y}', holder.find(y)),
                )
                for x, y in tags
            ]
    found = ', '.join(child.tag for child in node) or 'nothing'
    raise AnnotationError(
        f'{where}: expected <robndbox> or <polygon> with four corners, found '
        f'{found}; a file with <bndbox> alone is horizontal already'
    )


def _set_box(node: ElementTree.Element, box: Box) -> None:
    """Put a horizontal box where the oriented one was."""
    for tag in _DROPPED:
        for child in node.findall(tag):
            node.remove(child)
    kind = node.find('type')
    if kind is not None:
        kind.text = 'bndbox'
    holder = ElementTree.SubElement(node, 'bndbox')
    for key, value in zip(('xmin', 'ymin', 'xmax', 'ymax'), box, strict=True):
        ElementTree.SubElement(holder, key).text = f'{value:g}'
