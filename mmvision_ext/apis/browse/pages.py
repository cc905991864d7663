"""Pages of samples as they enter the network."""

import itertools
from collections.abc import Iterable
from pathlib import Path

from mmvision_ext.apis.progress import track
from mmvision_ext.utils import InputError
from mmvision_ext.visualization.draw import save_image
from mmvision_ext.visualization.grid import image_grid

from .draw import draw_input
from .inputs import NetworkInput

COLUMNS, ROWS = 4, 3
LONG_SIDE = 360  # pixels of a picture
FOOTER = (
    'As the network gets them, normalisation undone. Dashed: boxes to be '
    'learnt; tinted: their masks; grey: ignored objects.'
)


def write_pages(
    items: Iterable[NetworkInput], limit: int, folder: str | Path, title: str
) -> list[Path]:
    """Draw samples and write pages of twelve.

    Args:
        items: The samples.
        limit: Number of samples at most.
        folder: Where ``page_01.png`` and so on go; made with
            the first where missing.
        title: Stands above each page, with the page's number.

    Returns:
        The files.

    Raises:
        InputError: The limit is below 1.
    """
    if limit < 1:
        raise InputError(f'limit: expected at least 1, found {limit}.')
    folder = Path(folder)
    drawn = (
        draw_input(item, LONG_SIDE) for item in itertools.islice(items, limit)
    )
    pages: list[Path] = []
    bar = track(drawn, 'samples', limit)
    while batch := list(itertools.islice(bar, COLUMNS * ROWS)):
        pictures, captions = zip(*batch, strict=True)
        page = image_grid(
            pictures,
            captions,
            COLUMNS,
            f'{title}, page {len(pages) + 1}',
            FOOTER,
        )
        path = folder / f'page_{len(pages) + 1:02}.png'
        pages.append(save_image(path, page))
    return pages
