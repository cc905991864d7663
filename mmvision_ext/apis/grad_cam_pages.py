"""Pages that show images beside what a classifier sees in them."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from mmvision_ext.utils import InputError
from mmvision_ext.visualization.draw import save_image, to_canvas
from mmvision_ext.visualization.grid import image_grid
from mmvision_ext.visualization.heatmap import overlay_heat

from .classification_names import class_index
from .grad_cam import CamResult, GradCam
from .progress import track
from .sources import ImageSource

PANEL_SIDE = 420


def explain_images(
    cam: GradCam,
    sources: Sequence[ImageSource],
    folder: str | Path,
    target: str | None = None,
) -> tuple[list[str], list[str]]:
    """Write a page per image: what the network saw, and where it looked.

    Args:
        cam: Explains one image.
        sources: The images.
        folder: Where to; made where missing.
        target: Name or index of the class to explain; None takes the
            predicted one of each image.

    Returns:
        A line per page with its file, class and probability, and a message
        for each image of a folder or pattern that could not be read.

    Raises:
        InputError: There is no such class, an image named by the caller
            cannot be read, or none can.
    """
    classes = cam.model.dataset_meta['classes']
    index = None if target is None else class_index(target, classes)
    lines: list[str] = []
    skipped: list[str] = []
    names = page_names(sources)
    for source, name in track(
        zip(sources, names, strict=True), 'explaining', len(sources)
    ):
        try:
            packed = cam.prepare(source)
        except InputError as error:
            if not source.may_skip:
                raise
            skipped.append(str(error))
            continue
        result = cam.explain(source, packed, index)
        path = draw_page(result, classes, Path(folder) / f'{name}.png')
        found = result.predicted
        lines.append(
            f'{path}: {classes[found]} {result.probabilities[found]:.3f}'
        )
    if not lines:
        raise InputError('no image could be read:\n  ' + '\n  '.join(skipped))
    return lines, skipped


def draw_page(
    result: CamResult, classes: Sequence[str], path: str | Path
) -> Path:
    """Write one page: the image beside its heat map.

    Args:
        result: What speaks for the class.
        classes: Names of the classes.
        path: Picture to write; missing folders are made.

    Returns:
        The path.
    """
    image, _ = to_canvas(result.image, PANEL_SIDE)
    size = (image.shape[1], image.shape[0])
    heat = np.asarray(cv2.resize(result.heat, size), np.float32)
    found, target = result.predicted, result.target
    scores = result.probabilities
    caption = f'what speaks for {classes[target]} ({scores[target]:.2f})'
    if not result.heat.any():
        caption = f'nothing speaks for {classes[target]}'
    page = image_grid(
        [image, overlay_heat(image, heat)],
        [f'predicted: {classes[found]} ({scores[found]:.2f})', caption],
        2,
        _short(result.source),
        f'Left: what the network saw. Right: Grad-CAM at {result.layer}, red '
        'speaks most for the class.',
    )
    return save_image(path, page)


def page_names(sources: Sequence[ImageSource]) -> list[str]:
    """A different file name for each image.

    Args:
        sources: The images.

    Returns:
        The name of each file without its ending; where several are alike,
        the folder's name goes first, and a number last if need be.
    """
    stems = [_stem(source) for source in sources]
    names: list[str] = []
    for source, stem in zip(sources, stems, strict=True):
        base = stem
        folder = Path(source.name).parent.name
        if folder and stems.count(stem) > 1:
            base = f'{folder}_{stem}'
        name, number = base, 2
        while name in names:
            name = f'{base}_{number}'
            number += 1
        names.append(name)
    return names


def _stem(source: ImageSource) -> str:
    """Name without its ending; ``apple.webp#12`` of a dataset: apple_12."""
    if source.path is not None:
        return Path(source.name).stem
    name, _, number = source.name.partition('#')
    return '_'.join(filter(None, (Path(name).stem, number)))


def _short(source: ImageSource) -> str:
    """The last two parts of the path."""
    return '/'.join(Path(source.name).parts[-2:])
