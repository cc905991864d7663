"""Text on pictures: the font, its measure, and where labels may stand."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from matplotlib import font_manager
from numpy.typing import NDArray
from PIL import ImageFont

Size = tuple[int, int]
Point = tuple[int, int]

# Share of a label's area that may lie on other labels.
MAX_COVERED = 0.1


@lru_cache(maxsize=64)
def load_font(size: int, bold: bool = False) -> ImageFont.FreeTypeFont:
    """The font of all pictures: DejaVu Sans as matplotlib ships it.

    Args:
        size: Height of the font in pixels.
        bold: Take the bold face.

    Returns:
        The font.
    """
    weight = 'bold' if bold else 'normal'
    path = font_manager.findfont(
        font_manager.FontProperties(family='DejaVu Sans', weight=weight)
    )
    return ImageFont.truetype(path, size)


def text_size(text: str, font: ImageFont.FreeTypeFont) -> Size:
    """Width and line height of one line of text in pixels.

    Args:
        text: One line.
        font: Its font.

    Returns:
        Width of this text and height of any line in this font.
    """
    ascent, descent = font.getmetrics()
    return int(np.ceil(font.getlength(text))), ascent + descent


def shorten(text: str, font: ImageFont.FreeTypeFont, width: int) -> str:
    """Cut a line that is wider than ``width`` and end it with an ellipsis.

    Args:
        text: One line.
        font: Its font.
        width: Room in pixels.

    Returns:
        The line, or as much of its start as fits before the ellipsis.
    """
    if text_size(text, font)[0] <= width:
        return text
    while text and text_size(text + '…', font)[0] > width:
        text = text[:-1]
    return text.rstrip() + '…'


def wrap(text: str, font: ImageFont.FreeTypeFont, width: int) -> list[str]:
    """Break text at spaces and line feeds into lines at most ``width`` wide.

    Args:
        text: Words; a line feed starts a new line.
        font: Their font.
        width: Room in pixels. A single word that is wider is shortened.

    Returns:
        The lines, at least one.
    """
    lines: list[str] = []
    for paragraph in text.split('\n'):
        line = ''
        for word in paragraph.split():
            longer = f'{line} {word}' if line else word
            if line and text_size(longer, font)[0] > width:
                lines.append(line)
                line = word
            else:
                line = longer
        lines.append(line)
    return [shorten(line, font, width) for line in lines]


def place_labels(
    boxes: NDArray[np.int64], sizes: Sequence[Size], canvas: Size
) -> list[Point | None]:
    """Find a place for the label of each box, so that all can be read.

    Labels are placed in the order given, so the important ones come first.
    Each takes the first free place of: above its box, inside its top,
    below its box, inside its bottom (left-aligned, then right-aligned), then
    any line within the height of the box. A label that would cover others
    everywhere gets no place; the colour of its box still tells the class.

    Args:
        boxes: Boxes as x1, y1, x2, y2 in canvas pixels, shape (N, 4).
        sizes: Width and height of each label in pixels, N of them.
        canvas: Width and height of the picture in pixels.

    Returns:
        Top-left corner of each label in canvas pixels, or None, N of them.
    """
    placed: list[tuple[int, int, int, int]] = []
    corners: list[Point | None] = []
    for box, size in zip(boxes, sizes, strict=True):
        candidates = _candidates(box, size, canvas)
        covered = [_covered(corner, size, placed) for corner in candidates]
        if min(covered) > MAX_COVERED * size[0] * size[1]:
            corners.append(None)
            continue
        best = candidates[covered.index(min(covered))]
        placed.append((*best, best[0] + size[0], best[1] + size[1]))
        corners.append(best)
    return corners


def _candidates(
    box: NDArray[np.int64], size: Size, canvas: Size
) -> list[Point]:
    """Places for one label, best first, all inside the canvas."""
    x1, y1, x2, y2 = (int(value) for value in box)
    width, height = size
    tops = [y1 - height, y1, y2, y2 - height]
    tops += list(range(y1 + height, y2 - height, height))
    points = []
    for top in tops:
        for left in (x1, x2 - width):
            points.append(
                (
                    _clamp(left, canvas[0] - width),
                    _clamp(top, canvas[1] - height),
                )
            )
    return points


def _clamp(value: int, highest: int) -> int:
    return max(0, min(value, highest))


def _covered(
    corner: Point, size: Size, placed: Sequence[tuple[int, int, int, int]]
) -> int:
    """Area of already placed labels that a label here would cover."""
    left, top = corner
    total = 0
    for x1, y1, x2, y2 in placed:
        width = min(x2, left + size[0]) - max(x1, left)
        height = min(y2, top + size[1]) - max(y1, top)
        total += max(0, width) * max(0, height)
    return total
