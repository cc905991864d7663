"""Pages that show how proposals become detections."""

from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from .draw import Picture, draw_boxes
from .grid import image_grid
from .palette import Color, spread_color
from .text import load_font, text_size

SCORE_COLORS = matplotlib.colormaps['plasma']
NUM_WRITTEN_SCORES = 5


@dataclass(frozen=True)
class BoxStage:
    """Boxes at one point on their way through a detector.

    Attributes:
        name: Where they are, such as ``'RPN'`` or ``'stage 3'``.
        boxes: x1, y1, x2, y2 in pixels of the original image, shape (N, 4).
        scores: Confidences from 0 to 1, shape (N,); None where the detector
            has none yet.
        total: Number of boxes that there were before the best were taken.
    """

    name: str
    boxes: NDArray[np.float32]
    scores: NDArray[np.float32] | None
    total: int


@dataclass(frozen=True)
class ProposalTrace:
    """All stages of one image.

    Attributes:
        stages: Proposals, in the order in which the detector makes them.
        linked: Whether box k is the same proposal in every stage.
    """

    stages: Sequence[BoxStage]
    linked: bool


def proposal_page(
    image: Picture,
    trace: ProposalTrace,
    ends: Sequence[tuple[Picture, str]],
    title: str,
    long_side: int = 480,
) -> Picture:
    """Draw every stage beside the detections and the ground truth.

    Args:
        image: RGB, shape (H, W, 3), uint8.
        trace: The stages of this image.
        ends: Finished pictures to put after the stages, with captions.
        title: Title of the page.
        long_side: Long side of each panel in pixels.

    Returns:
        The page, RGB, shape (H, W, 3), uint8.
    """
    dim = (image * 0.6 + 255 * 0.1).astype(np.uint8)
    pictures, captions = [], []
    for stage in trace.stages:
        if trace.linked:
            pictures.append(_draw_linked(dim, stage, long_side))
        else:
            pictures.append(_draw_scored(dim, stage, long_side))
        captions.append(stage_caption(stage))
    for picture, caption in ends:
        pictures.append(picture)
        captions.append(caption)
    if trace.linked:
        footer = (
            'One colour is one proposal in every stage. Shown are the '
            'proposals that score best in the last stage.'
        )
        columns = -(-len(pictures) // 2)
    else:
        footer = (
            'Colour of a proposal: its score, as on the bar. The '
            f'{NUM_WRITTEN_SCORES} best scores are written out.'
        )
        columns = len(pictures)
    return image_grid(pictures, captions, columns, title, footer)


def stage_caption(stage: BoxStage) -> str:
    """Say what a panel shows.

    Args:
        stage: The stage.

    Returns:
        Name, number of boxes and range of scores.
    """
    text = f'{stage.name}: {len(stage.boxes)} of {stage.total}'
    if stage.scores is not None and len(stage.scores):
        text += f', score {stage.scores.min():.2f} to {stage.scores.max():.2f}'
    return text


def _draw_linked(image: Picture, stage: BoxStage, long_side: int) -> Picture:
    colors = [spread_color(index) for index in range(len(stage.boxes))]
    return draw_boxes(image, stage.boxes, colors, long_side=long_side)


def _draw_scored(image: Picture, stage: BoxStage, long_side: int) -> Picture:
    """Boxes in the colour of their score, and a bar that explains it."""
    scores = (
        np.zeros(len(stage.boxes)) if stage.scores is None else stage.scores
    )
    order = np.argsort(-scores, kind='stable')
    texts = [''] * len(scores)
    for index in order[:NUM_WRITTEN_SCORES]:
        texts[index] = f'{scores[index]:.2f}'
    colors = [_score_color(float(score)) for score in scores]
    picture = draw_boxes(
        image,
        stage.boxes,
        colors,
        texts,
        label_order=order,
        long_side=long_side,
    )
    return _add_score_bar(picture)


def _score_color(score: float) -> Color:
    red, green, blue, _ = SCORE_COLORS(score, bytes=True)
    return int(red), int(green), int(blue)


def _add_score_bar(picture: Picture) -> Picture:
    """Put a bar of the colours from score 0 to score 1 below a picture."""
    width = picture.shape[1]
    ramp = (SCORE_COLORS(np.linspace(0, 1, width))[:, :3] * 255).round()
    font = load_font(13)
    height = text_size('', font)[1]
    strip = Image.fromarray(
        np.repeat(ramp[None].astype(np.uint8), height, axis=0)
    )
    pen = ImageDraw.Draw(strip)
    pen.text((4, 0), 'score 0', (255, 255, 255), font)
    pen.text((width - 4 - text_size('1', font)[0], 0), '1', (0, 0, 0), font)
    return np.concatenate([picture, np.asarray(strip)])
