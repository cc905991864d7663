"""Colours: one per class, stable between pictures, charts and runs."""

import colorsys
from collections.abc import Sequence

Color = tuple[int, int, int]

GOLDEN_RATIO = 0.618033988749895


def spread_color(index: int) -> Color:
    """Colour number ``index`` of an endless list of distinct colours.

    Hues advance by the golden ratio, so that neighbours in the list are far
    apart; brightness alternates to keep later hues apart too.

    Args:
        index: Number of the colour, from 0.

    Returns:
        Red, green and blue, each 0 to 255.
    """
    hue = (0.58 + index * GOLDEN_RATIO) % 1.0
    saturation = (0.85, 0.65)[index % 2]
    value = (0.95, 0.80)[(index // 2) % 2]
    red, green, blue = colorsys.hsv_to_rgb(hue, saturation, value)
    return round(red * 255), round(green * 255), round(blue * 255)


def class_colors(
    num_classes: int, palette: Sequence[Sequence[int]] | str | None = None
) -> list[Color]:
    """One colour per class.

    Args:
        num_classes: Number of classes.
        palette: Colours from dataset metainfo, one (red, green, blue) per
            class. None, or a name such as mmdet's ``'random'``, takes
            :func:`spread_color`.

    Returns:
        ``num_classes`` colours.

    Raises:
        ValueError: The palette has fewer colours than there are classes.
    """
    if palette is None or isinstance(palette, str):
        return [spread_color(index) for index in range(num_classes)]
    if len(palette) < num_classes:
        raise ValueError(
            f'palette: expected at least {num_classes} colours, one per '
            f'class, found {len(palette)}. Extend metainfo["palette"] or '
            'leave it out.'
        )
    return [
        (int(color[0]), int(color[1]), int(color[2]))
        for color in palette[:num_classes]
    ]


def text_color(background: Color) -> Color:
    """Black or white, whichever reads better on ``background``.

    Args:
        background: Red, green and blue, each 0 to 255.

    Returns:
        The colour with the higher WCAG 2.1 contrast ratio.
    """
    linear = [
        value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4
        for value in (channel / 255 for channel in background)
    ]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    black_contrast = (luminance + 0.05) / 0.05
    white_contrast = 1.05 / (luminance + 0.05)
    return (0, 0, 0) if black_contrast >= white_contrast else (255, 255, 255)
