"""What the context of a detector says of an image, and where it looks."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from mmcv.transforms import Compose
from mmengine.dataset import pseudo_collate
from numpy.typing import NDArray

from mmvision_ext.models.backbones.overview import overview, position_features
from mmvision_ext.utils import InputError
from mmvision_ext.visualization.attribute_bars import Bar, draw_attributes
from mmvision_ext.visualization.draw import Picture, save_image, to_canvas
from mmvision_ext.visualization.grid import image_grid
from mmvision_ext.visualization.heatmap import overlay_heat
from mmvision_ext.visualization.palette import class_colors

from .model import Detector
from .result_list import picture_name, refuse_source_folder
from .sources import ImageSource

PANEL_SIDE = 420  # of a heat map, pixels
COLUMNS = 3
SHOWN = 0.5  # odds are even


@dataclass(frozen=True)
class ContextMap:
    """Words of an image.

    Attributes:
        source: The image.
        words: The K words.
        cosines: Of the last stage's positions to each word, in [-1, 1],
            float32 (K, h, w).
        extent: Share of the grid's height and width that the image covers;
            the rest is padding.
        posterior: Probability that the image shows each word, by the context,
            float32 (K,).
    """

    source: ImageSource
    words: Sequence[str]
    cosines: NDArray[np.float32]
    extent: tuple[float, float]
    posterior: NDArray[np.float32]

    def resized(self, index: int, size: tuple[int, int]) -> NDArray:
        """The cosines to a word as a map of the image.

        Args:
            index: Of the word.
            size: Height and width in pixels.

        Returns:
            Shape (height, width), float32, between positions linear.
        """
        padded = [
            math.ceil(side / share)
            for side, share in zip(size, self.extent, strict=True)
        ]
        large = cv2.resize(self.cosines[index], (padded[1], padded[0]))
        return np.asarray(large[: size[0], : size[1]], np.float32)

    def draw(self, limit: int = 6) -> Picture:
        """Draw the posterior as bars, and heat maps of the likeliest words.

        Args:
            limit: Number of heat maps; one scale holds for all of them.

        Returns:
            RGB, shape (H, W, 3), uint8.
        """
        image = self.source.read_rgb()
        order = np.argsort(-self.posterior, kind='stable')
        colors = class_colors(len(self.words))
        bars = [
            Bar(
                self.words[i],
                '',
                float(self.posterior[i]),
                SHOWN,
                colors[i],
            )
            for i in order
        ]
        top = draw_attributes(image, bars, long_side=2 * PANEL_SIDE)
        small, _ = to_canvas(image, PANEL_SIDE)
        size = small.shape[0], small.shape[1]
        maps = [self.resized(i, size) for i in order[:limit]]
        low, high = np.min(maps), np.max(maps)
        span = max(high - low, 1e-6)
        heat = image_grid(
            [overlay_heat(small, (found - low) / span) for found in maps],
            [
                f'{self.words[i]}: {found.min():.2f} to {found.max():.2f}'
                for i, found in zip(order, maps, strict=False)
            ],
            COLUMNS,
        )
        return image_grid(
            [top, heat],
            [
                'What the context takes the whole image to show',
                'Cosine of each position to a word; clear at '
                f'{low:.2f}, red at {high:.2f} in all maps',
            ],
            1,
            title=Path(self.source.name).stem,
        )


def find_context(
    model: Detector, pipeline: Compose, source: ImageSource
) -> ContextMap:
    """Ask a detector's context of an image.

    A position is brought beside the words as the whole image is; where that
    is by attention, see :func:`~mmvision_ext.models.backbones.overview.
    position_features`.

    Args:
        model: A ``mmvision_ext.ContextGuidedRCNN`` in evaluation mode.
        pipeline: From :func:`~mmvision_ext.apis.inferencer.array_pipeline`.
        source: The image.

    Returns:
        Cosines and posterior of the words in use.

    Raises:
        InputError: If the detector has no context, or the image cannot be
            read.
    """
    context = model.roi_head.context
    if context is None:
        raise InputError(
            f'{model.cfg.filename or "config"}: expected '
            'model.roi_head.context, found none: this detector does not look '
            'at whole images'
        )
    packed = pipeline(dict(img=source.read(), img_id=0))
    height, width = packed['data_samples'].img_shape[:2]
    with torch.no_grad():
        batch = model.data_preprocessor(pseudo_collate([packed]), False)
        images = batch['inputs']
        stages = model.backbone(images)
        positions = position_features(model.backbone, stages)[0]
        embedded = context.embed(positions.flatten(1).mT)
        words = model.vocabulary.features
        cosines = (embedded @ words.mT).mT.unflatten(1, positions.shape[1:])
        share = height / images.shape[2], width / images.shape[3]
        seen = overview(model.backbone, stages, [share])
        odds = context.posterior(seen, words)[0]
    return ContextMap(
        source,
        model.vocabulary.words,
        cosines.cpu().numpy(),
        share,
        odds.sigmoid().cpu().numpy(),
    )


def save_context(
    maps: Sequence[ContextMap], folder: str | Path, limit: int = 6
) -> list[Path]:
    """Write a page for each image.

    Args:
        maps: What was found.
        folder: Where to; made where missing.
        limit: Number of heat maps on a page.

    Returns:
        The files.

    Raises:
        InputError: The images lie in this folder.
    """
    refuse_source_folder(folder, [item.source for item in maps])
    taken: set[str] = set()
    return [
        save_image(
            Path(folder) / f'context_{picture_name(item.source, taken)}',
            item.draw(limit),
        )
        for item in maps
    ]
