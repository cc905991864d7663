"""An image beside bars of its attributes or classes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from .draw import DARK, WHITE, Picture, draw_boxes, to_canvas
from .palette import Color
from .text import load_font, shorten, text_size

GREY: Color = (228, 228, 228)
BOX_COLOR: Color = (255, 140, 0)
FAINT: Color = (110, 110, 110)
NOTE = 'black line: threshold; bold: reached'
NAME_SHARE = 0.55  # of a panel's width


@dataclass(frozen=True)
class Bar:
    """One attribute or class of a picture.

    Attributes:
        name: What is written in front of the bar.
        group: Its group; empty for none.
        score: Length of the bar, in [0, 1].
        threshold: Where the line is drawn, in [0, 1]; None draws none.
        color: Colour of the bar.
    """

    name: str
    group: str
    score: float
    threshold: float | None
    color: Color


def draw_attributes(
    image: Picture,
    bars: Sequence[Bar],
    box: Sequence[float] | None = None,
    long_side: int | None = None,
) -> Picture:
    """Draw an image, and bars at its right.

    Args:
        image: RGB, shape (H, W, 3), uint8. Not changed.
        bars: The attributes or classes, from the top.
        box: x1, y1, x2, y2 of the object in pixels of ``image``, outlined;
            None outlines nothing.
        long_side: Long side of the image as it is drawn, see
            :func:`~mmvision_ext.visualization.draw.to_canvas`.

    Returns:
        RGB, uint8, as high as the image or as the bars need.
    """
    if box is None:
        canvas, _ = to_canvas(image, long_side)
    else:
        canvas = draw_boxes(image, [box], [BOX_COLOR], long_side=long_side)
    panel = _panel(bars, canvas.shape[0])
    height = max(canvas.shape[0], panel.shape[0])
    return np.concatenate([_padded(canvas, height), _padded(panel, height)], 1)


def _panel(bars: Sequence[Bar], height: int) -> Picture:
    """Bars on a white ground, at least as high as they need."""
    size = int(np.clip(height / 32, 14, 26))
    plain, bold = load_font(size), load_font(size, bold=True)
    line = round(text_size('Ag', plain)[1] * 1.25)
    margin = line // 2
    groups = {bar.group: bar.color for bar in bars if bar.group}
    rows = len(bars) + len(groups) + 3  # a free line, and the note
    width = 30 * size
    picture = Image.new(
        'RGB', (width, max(height, rows * line + 2 * margin)), WHITE
    )
    pen = ImageDraw.Draw(picture)
    number = text_size('0.00', bold)[0]
    left = round(width * NAME_SHARE)
    right = width - margin - number - margin
    for index, bar in enumerate(bars):
        top = margin + index * line
        reached = bar.threshold is not None and bar.score >= bar.threshold
        font = bold if reached else plain
        name = shorten(bar.name, font, left - 2 * margin)
        pen.text((margin, top), name, DARK, font)
        _draw_bar(pen, bar, (left, top + 2, right, top + line - 4))
        pen.text(
            (width - margin - number, top), f'{bar.score:.2f}', DARK, font
        )
    top = margin + (len(bars) + 1) * line
    for group, color in groups.items():
        side = line - 6
        pen.rectangle((margin, top + 1, margin + side, top + 1 + side), color)
        pen.text((2 * margin + side, top), group, DARK, plain)
        top += line
    if any(bar.threshold is not None for bar in bars):
        pen.text((margin, top + margin), NOTE, FAINT, plain)
    return np.asarray(picture)


def _draw_bar(
    pen: ImageDraw.ImageDraw, bar: Bar, room: tuple[int, int, int, int]
) -> None:
    """A bar on its full length, with a line at its threshold, if any."""
    left, top, right, bottom = room
    pen.rectangle(room, GREY)
    end = left + round((right - left) * bar.score)
    if end > left:
        pen.rectangle((left, top, end, bottom), bar.color)
    if bar.threshold is None:
        return
    mark = left + round((right - left) * bar.threshold)
    pen.line((mark, top - 2, mark, bottom + 2), DARK, 2)


def _padded(picture: Picture, height: int) -> Picture:
    """A picture with white below it."""
    room = height - picture.shape[0]
    return np.pad(
        picture, ((0, room), (0, 0), (0, 0)), constant_values=WHITE[0]
    )
