"""Several captioned pictures on one page."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from .draw import Picture
from .palette import Color
from .text import load_font, text_size, wrap

MARGIN = 12
CAPTION_GAP = 4
PAPER: Color = (255, 255, 255)
INK: Color = (32, 32, 32)
PALE_INK: Color = (96, 96, 96)
GROUND = 242  # grey; #f2f2f2 of pages in HTML


def image_grid(
    images: Sequence[Picture],
    captions: Sequence[str],
    num_columns: int,
    title: str = '',
    footer: str = '',
) -> Picture:
    """Put pictures side by side on a white page, each above its caption.

    Pictures keep their size, so that what is written on them stays sharp;
    columns are as wide as their widest picture, rows as high as their
    highest.

    Args:
        images: RGB, each of shape (H, W, 3), uint8; sizes may differ.
        captions: One text per picture; a line feed starts a new line.
        num_columns: Pictures per row.
        title: Text above all pictures.
        footer: Small text below all pictures, such as a key to colours.

    Returns:
        The page, RGB, shape (H, W, 3), uint8.

    Raises:
        ValueError: There are no images, or not one caption per image, or
            less than one column.
    """
    if not images or len(images) != len(captions) or num_columns < 1:
        raise ValueError(
            'image_grid: expected at least one image, one caption per image '
            f'and one column, found {len(images)} images, {len(captions)} '
            f'captions and {num_columns} columns.'
        )
    num_columns = min(num_columns, len(images))
    side = max(max(image.shape[:2]) for image in images)
    font = load_font(int(np.clip(side / 30, 13, 24)))
    bold = load_font(int(np.clip(side / 26, 15, 28)), bold=True)
    widths = [
        max(image.shape[1] for image in images[column::num_columns])
        for column in range(num_columns)
    ]
    page_width = sum(widths) + MARGIN * (num_columns + 1)
    rows = [
        _row(
            images[start : start + num_columns],
            captions[start : start + num_columns],
            widths,
            page_width,
            font,
        )
        for start in range(0, len(images), num_columns)
    ]
    if title:
        rows.insert(0, _strip(title, bold, INK, page_width))
    if footer:
        rows.append(_strip(footer, font, PALE_INK, page_width))
    blank = np.full((MARGIN, page_width, 3), 255, np.uint8)
    return np.concatenate(
        [blank] + [part for row in rows for part in (row, blank)]
    )


def on_square(image: Picture, side: int) -> Picture:
    """Put a picture into the middle of a light grey square.

    Args:
        image: RGB, shape (H, W, 3), uint8, no side longer than the square's.
        side: Of the square in pixels.

    Returns:
        RGB, shape (side, side, 3), uint8.
    """
    square = np.full((side, side, 3), GROUND, np.uint8)
    height, width = image.shape[:2]
    top, left = (side - height) // 2, (side - width) // 2
    square[top : top + height, left : left + width] = image
    return square


def _row(
    images: Sequence[Picture],
    captions: Sequence[str],
    widths: Sequence[int],
    page_width: int,
    font: ImageFont.FreeTypeFont,
) -> Picture:
    """One row of pictures, standing on one line, and their captions."""
    height = max(image.shape[0] for image in images)
    lines = [
        wrap(caption, font, width)
        for caption, width in zip(captions, widths, strict=False)
    ]
    depth = max(len(text) for text in lines) * text_size('', font)[1]
    row = Image.new('RGB', (page_width, height + CAPTION_GAP + depth), PAPER)
    pen = ImageDraw.Draw(row)
    left = MARGIN
    for image, text, width in zip(images, lines, widths, strict=False):
        row.paste(Image.fromarray(image), (left, 0))
        _write(pen, (left, height + CAPTION_GAP), text, font, INK)
        left += width + MARGIN
    return np.asarray(row)


def _strip(
    text: str, font: ImageFont.FreeTypeFont, ink: Color, page_width: int
) -> Picture:
    """Text across the whole page."""
    lines = wrap(text, font, page_width - 2 * MARGIN)
    strip = Image.new(
        'RGB', (page_width, len(lines) * text_size('', font)[1]), PAPER
    )
    _write(ImageDraw.Draw(strip), (MARGIN, 0), lines, font, ink)
    return np.asarray(strip)


def _write(
    pen: ImageDraw.ImageDraw,
    corner: tuple[int, int],
    lines: Sequence[str],
    font: ImageFont.FreeTypeFont,
    ink: Color,
) -> None:
    """Lines of text downwards from their top-left corner, in place."""
    height = text_size('', font)[1]
    for number, line in enumerate(lines):
        pen.text((corner[0], corner[1] + number * height), line, ink, font)
