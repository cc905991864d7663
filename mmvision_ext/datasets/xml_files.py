"""XML files of annotations, and what is said of malformed ones."""

import math
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from xml.parsers import expat

from mmvision_ext.utils import brief

from .errors import AnnotationError

DEEPEST = 100  # elements in each other


class _SoundStart(Exception):
    """The first element came, and no DOCTYPE before it."""


def read_xml(path: Path) -> ElementTree.Element:
    """Read an XML file.

    A DOCTYPE is refused before it is read: its entities can fill the memory
    or name other files, and no annotation needs one.

    Args:
        path: The file.

    Returns:
        The outermost element.

    Raises:
        AnnotationError: If there is no such file, it is no XML, has a DOCTYPE
            or has over :data:`DEEPEST` elements in each other.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise AnnotationError(f'{path}: no such annotation file') from error
    try:
        _refuse_doctype(path, content)
        root = ElementTree.fromstring(content)
    except AnnotationError:
        raise
    except (
        ElementTree.ParseError,
        expat.ExpatError,
        LookupError,  # an unknown encoding
        ValueError,
    ) as error:
        raise AnnotationError(
            f'{path}: expected an XML annotation, found no valid XML ({error})'
        ) from error
    _check_depth(path, root)
    return root


def read_number(where: str, node: ElementTree.Element | None) -> float:
    """Read the number in an element.

    Args:
        where: File and element, for the message.
        node: The element; None where there is none.

    Returns:
        A finite number.

    Raises:
        AnnotationError: If there is no element, or no finite number in it.
    """
    if node is None:
        raise AnnotationError(f'{where} is missing')
    text = (node.text or '').strip()
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise AnnotationError(
            f'{where}: expected a number, found {brief(text)}'
        )
    return number


def _refuse_doctype(path: Path, content: bytes) -> None:
    """Parse up to the first element; raises where a DOCTYPE comes first."""

    def on_doctype(*_: object) -> None:
        raise AnnotationError(
            f'{path}: expected an XML annotation without <!DOCTYPE>, found '
            'one; delete it, and the entities that it defines'
        )

    def on_element(*_: object) -> None:
        raise _SoundStart

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = on_doctype
    parser.StartElementHandler = on_element
    try:
        parser.Parse(content, True)
    except _SoundStart:
        return


def _check_depth(path: Path, root: ElementTree.Element) -> None:
    """Elements may lie in each other only as deep as recursion may go."""
    level = [root]
    for _ in range(DEEPEST):
        level = [child for node in level for child in node]
        if not level:
            return
    raise AnnotationError(
        f'{path}: expected at most {DEEPEST} elements in each other, found '
        f'more, down to <{level[0].tag[:40]}>'
    )
