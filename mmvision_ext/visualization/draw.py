"""Boxes, masks and labels on one picture."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image, ImageDraw

from .palette import Color, class_colors, text_color
from .text import load_font, place_labels, text_size

Picture = NDArray[np.uint8]

MIN_SHORT_SIDE = 448
MAX_ENLARGED_SIDE = 2000
MASK_OPACITY = 0.38
DARK: Color = (24, 24, 24)
WHITE: Color = (255, 255, 255)


def to_canvas(
    image: Picture, long_side: int | None = None
) -> tuple[Picture, float]:
    """Copy an image to the size it is drawn at.

    Labels are legible only above a certain size, so small images are
    enlarged before anything is drawn on them.

    Args:
        image: RGB, shape (H, W, 3), uint8.
        long_side: Long side of the canvas in pixels. None keeps the image's
            size unless its short side is below 448 pixels, which then
            becomes 448, or less where the long side would exceed 2000.

    Returns:
        The canvas, shape (round(H * scale), round(W * scale), 3), uint8, and
        scale.

    Raises:
        ValueError: The image is not (H, W, 3) uint8 with H, W > 0.
    """
    if (
        image.ndim != 3
        or image.shape[2] != 3
        or image.dtype != np.uint8
        or not image.size
    ):
        raise ValueError(
            'image: expected RGB of shape (H, W, 3) and dtype '
            f'uint8, found {image.shape} and {image.dtype}.'
        )
    height, width = image.shape[:2]
    if long_side is None:
        enlarged = MIN_SHORT_SIDE / min(height, width)
        widest = MAX_ENLARGED_SIDE / max(height, width)
        scale = max(1.0, min(enlarged, widest))
    else:
        scale = long_side / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.ascontiguousarray(
        cv2.resize(image, size, interpolation=how)
    ), scale


def draw_instances(
    image: Picture,
    boxes: ArrayLike,
    labels: ArrayLike,
    scores: ArrayLike,
    class_names: Sequence[str],
    masks: NDArray[np.bool_] | None = None,
    palette: Sequence[Sequence[int]] | None = None,
    long_side: int | None = None,
) -> Picture:
    """Draw detections in the colours of their classes.

    Args:
        image: RGB, shape (H, W, 3), uint8. Not changed.
        boxes: x1, y1, x2, y2 in pixels of ``image``, shape (N, 4).
        labels: Class indices, shape (N,).
        scores: Confidences from 0 to 1, shape (N,), written on the labels.
        class_names: Names of the classes.
        masks: Masks on the pixels of ``image``, shape (N, H, W), bool.
        palette: Colours of the classes, see
            :func:`~mmvision_ext.visualization.palette.class_colors`.
        long_side: Size of the result, see :func:`to_canvas`.

    Returns:
        RGB of the size that :func:`to_canvas` gives, uint8.

    Raises:
        ValueError: Numbers of boxes, labels, scores and masks disagree, or a
            label has no class name.
    """
    corners = as_boxes(boxes)
    classes = _column('labels', labels, len(corners), np.int64)
    confidences = _column('scores', scores, len(corners), np.float64)
    highest = int(classes.max(initial=-1))
    if highest >= len(class_names):
        raise ValueError(
            f'labels: found class index {highest}, expected '
            f'less than the {len(class_names)} class names.'
        )
    table = class_colors(len(class_names), palette)
    return draw_boxes(
        image,
        corners,
        [table[label] for label in classes],
        [
            f'{class_names[label]} {score:.2f}'
            for label, score in zip(classes, confidences, strict=True)
        ],
        masks,
        np.argsort(-confidences),
        long_side=long_side,
    )


def draw_boxes(
    image: Picture,
    boxes: ArrayLike,
    colors: Sequence[Color],
    texts: Sequence[str] | None = None,
    masks: NDArray[np.bool_] | None = None,
    label_order: NDArray[np.int64] | None = None,
    dashed: bool | Sequence[bool] = False,
    long_side: int | None = None,
) -> Picture:
    """Draw boxes, masks and texts in given colours.

    Large objects are drawn first, so that small ones stay visible. Labels
    for which a crowded picture has no room are left out.

    Args:
        image: RGB, shape (H, W, 3), uint8. Not changed.
        boxes: x1, y1, x2, y2 in pixels of ``image``, shape (N, 4).
        colors: One (red, green, blue) per box.
        texts: One label per box; an empty one is not drawn.
        masks: Masks on the pixels of ``image``, shape (N, H, W), bool.
        label_order: Indices of boxes, those whose labels get the best places
            first, shape (N,). None takes the order given.
        dashed: Dash the outlines: all or none, or one choice per box.
        long_side: Size of the result, see :func:`to_canvas`.

    Returns:
        RGB of the size that :func:`to_canvas` gives, uint8.

    Raises:
        ValueError: Numbers of boxes, colours, texts and masks disagree, or
            the masks are not of the size of the image.
    """
    corners = as_boxes(boxes)
    _same_length('colors', len(colors), len(corners))
    _same_length(
        'texts', len(corners if texts is None else texts), len(corners)
    )
    if masks is not None and masks.shape != (len(corners), *image.shape[:2]):
        raise ValueError(
            f'masks: expected shape {(len(corners), *image.shape[:2])} (one '
            f'per box, size of the image), found {masks.shape}.'
        )
    dashes = [dashed] * len(corners) if isinstance(dashed, bool) else dashed
    _same_length('dashed', len(dashes), len(corners))
    canvas, scale = to_canvas(image, long_side)
    size = (canvas.shape[1], canvas.shape[0])
    edges = _canvas_boxes(corners, scale, size)
    areas = (edges[:, 2] - edges[:, 0]) * (edges[:, 3] - edges[:, 1])
    thickness = max(2, round(min(size) / 250))
    for index in np.argsort(-areas, kind='stable'):
        if masks is not None:
            _paint_mask(canvas, masks[index], colors[index], thickness)
    for index in np.argsort(-areas, kind='stable'):
        _outline(canvas, edges[index], colors[index], thickness, dashes[index])
    if texts is None:
        return canvas
    ranked = range(len(corners)) if label_order is None else label_order
    order = [int(index) for index in ranked if texts[index]]
    return _write(
        canvas,
        edges[order],
        [texts[index] for index in order],
        [colors[index] for index in order],
    )


def save_image(path: str | Path, image: Picture) -> Path:
    """Write an RGB image; the ending of the name chooses the format.

    Args:
        path: File to write; missing folders are made.
        image: RGB, shape (H, W, 3), uint8.

    Returns:
        The path.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path)
    return path


def as_boxes(boxes: ArrayLike) -> NDArray[np.float64]:
    """Boxes as an array, of shape (0, 4) where there are none.

    Args:
        boxes: x1, y1, x2, y2, shape (N, 4), or anything empty.

    Returns:
        The same, shape (N, 4), float64.

    Raises:
        ValueError: The shape is neither (N, 4) nor empty.
    """
    array = np.asarray(boxes, dtype=np.float64)
    if not array.size:
        return np.zeros((0, 4))
    if array.ndim != 2 or array.shape[1] != 4:
        raise ValueError(f'boxes: expected shape (N, 4), found {array.shape}.')
    return array


def _column(name: str, values: ArrayLike, length: int, dtype: type) -> NDArray:
    array: NDArray = np.asarray(values, dtype=dtype).reshape(-1)
    _same_length(name, len(array), length)
    return array


def _same_length(name: str, found: int, expected: int) -> None:
    if found != expected:
        raise ValueError(
            f'{name}: expected {expected}, one per box, found {found}.'
        )


def _canvas_boxes(
    boxes: NDArray[np.float64], scale: float, size: tuple[int, int]
) -> NDArray[np.int64]:
    """First and last pixel of each box on the canvas, shape (N, 4)."""
    edges = np.round(boxes * scale).astype(np.int64)
    edges[:, 2:] -= 1
    limit = np.array([size[0], size[1]] * 2) - 1
    edges = np.clip(edges, 0, limit)
    edges[:, 2:] = np.maximum(edges[:, 2:], edges[:, :2])
    return edges


def _paint_mask(
    canvas: Picture, mask: NDArray[np.bool_], color: Color, thickness: int
) -> None:
    """Tint a mask's pixels and trace its outline, in place."""
    size = (canvas.shape[1], canvas.shape[0])
    large = (
        cv2.resize(
            mask.astype(np.float32), size, interpolation=cv2.INTER_LINEAR
        )
        >= 0.5
    )
    tint = np.array(color, dtype=np.float32)
    canvas[large] = (
        (canvas[large] * (1 - MASK_OPACITY) + tint * MASK_OPACITY)
        .round()
        .astype(np.uint8)
    )
    outlines, _ = cv2.findContours(
        large.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE
    )
    cv2.drawContours(
        canvas, outlines, -1, color, max(1, thickness - 1), cv2.LINE_AA
    )


def _outline(
    canvas: Picture,
    edges: NDArray[np.int64],
    color: Color,
    thickness: int,
    dashed: bool,
) -> None:
    """Draw one box just inside its edges, on a thin dark line, in place."""
    x1, y1, x2, y2 = (int(value) for value in edges)
    cv2.rectangle(canvas, (x1 - 1, y1 - 1), (x2 + 1, y2 + 1), DARK, 1)
    if not dashed:
        _frame(canvas, edges, color, thickness, max(canvas.shape))
    else:
        _frame(canvas, edges, WHITE, thickness, max(canvas.shape))
        _frame(canvas, edges, color, thickness, 4 * thickness)


def _frame(
    canvas: Picture,
    edges: NDArray[np.int64],
    color: Color,
    thickness: int,
    dash: int,
) -> None:
    """Draw a box in dashes of ``dash`` pixels and gaps as long, in place."""
    x1, y1, x2, y2 = (int(value) for value in edges)
    for start in range(x1, x2 + 1, 2 * dash):
        end = min(start + dash - 1, x2)
        _fill(canvas, start, y1, end, y1 + thickness - 1, color)
        _fill(canvas, start, y2 - thickness + 1, end, y2, color)
    for start in range(y1, y2 + 1, 2 * dash):
        end = min(start + dash - 1, y2)
        _fill(canvas, x1, start, x1 + thickness - 1, end, color)
        _fill(canvas, x2 - thickness + 1, start, x2, end, color)


def _fill(
    canvas: Picture, x1: int, y1: int, x2: int, y2: int, color: Color
) -> None:
    canvas[max(0, y1) : y2 + 1, max(0, x1) : x2 + 1] = color


def _write(
    canvas: Picture,
    edges: NDArray[np.int64],
    texts: Sequence[str],
    colors: Sequence[Color],
) -> Picture:
    """Write one label per box on a ground of the box's colour."""
    size = (canvas.shape[1], canvas.shape[0])
    font = load_font(int(np.clip(min(size) / 34, 13, 26)))
    margin = 3
    sizes = []
    for text in texts:
        width, height = text_size(text, font)
        sizes.append((width + 2 * margin, height))
    picture = Image.fromarray(canvas)
    pen = ImageDraw.Draw(picture)
    corners = place_labels(edges, sizes, size)
    for corner, (width, height), text, color in reversed(
        list(zip(corners, sizes, texts, colors, strict=True))
    ):
        if corner is None:
            continue
        left, top = corner
        pen.rectangle((left, top, left + width - 1, top + height - 1), color)
        pen.text((left + margin, top), text, text_color(color), font)
    return np.asarray(picture).copy()
