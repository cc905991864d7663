"""Charts of what a dataset holds."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from .charts import SERIES_COLORS, STYLE, new_figure, save_figure

SMALL, LARGE = 32, 96  # px, where COCO's small ends and large begins
_BINS = 40


def plot_sizes(
    objects: NDArray[np.float64],
    images: NDArray[np.float64],
    path: str | Path,
    title: str = '',
) -> Path:
    """Draw how large objects and images are.

    Args:
        objects: Width and height in pixels, shape (M, 2); may be empty.
        images: Likewise, shape (I, 2); may be empty, but not both.
        path: Picture to write; missing folders are made.
        title: Title of the page.

    Returns:
        The path.

    Raises:
        ValueError: There is nothing to draw.
    """
    panels = [
        (draw, sizes)
        for draw, sizes in ((_draw_objects, objects), (_draw_images, images))
        if len(sizes)
    ]
    if not panels:
        raise ValueError('plot_sizes: expected objects or images, found none')
    with matplotlib.rc_context(STYLE):
        figure = new_figure(4.6 * len(panels), 3.6, title)
        for axes, (draw, sizes) in zip(
            figure.subplots(1, len(panels), squeeze=False).flat,
            panels,
            strict=True,
        ):
            draw(axes, sizes)
        return save_figure(figure, path)


def plot_cooccurrence(
    together: NDArray[np.int64],
    names: Sequence[str],
    path: str | Path,
    title: str = '',
) -> Path:
    """Draw which names occur together.

    Args:
        together: Samples with both names, shape (K, K); those with one name
            on the diagonal, at least 1.
        names: K names.
        path: Picture to write; missing folders are made.
        title: Title of the chart.

    Returns:
        The path.

    Raises:
        ValueError: Names and shape disagree, or a name does not occur.
    """
    count = len(names)
    if together.shape != (count, count) or not together.diagonal().all():
        raise ValueError(
            f'together: expected shape {(count, count)} and a positive '
            f'diagonal, found {together.shape}'
        )
    shares = together / together.diagonal()[:, None]
    longest = max(len(name) for name in names)
    side = 0.24 * count + 0.08 * longest
    with matplotlib.rc_context(STYLE):
        figure = new_figure(side + 2.2, side + 1.0, title)
        axes = figure.subplots()
        picture = axes.imshow(shares, cmap='Blues', vmin=0, vmax=1)
        axes.set_xticks(
            range(count),
            names,
            rotation=60,
            ha='right',
            rotation_mode='anchor',
            fontsize=8,
        )
        axes.set_yticks(range(count), names, fontsize=8)
        axes.grid(visible=False)
        figure.colorbar(
            picture,
            ax=axes,
            label='share of the samples with the row that have the column',
            shrink=0.7,
        )
        return save_figure(figure, path)


def _draw_objects(axes: Axes, sizes: NDArray[np.float64]) -> None:
    sides = np.sqrt(sizes.prod(axis=1)).clip(min=1)
    edges = np.geomspace(sides.min(), max(sides.max(), 2), _BINS)
    axes.hist(sides, edges.tolist(), color=SERIES_COLORS[0])
    axes.set_xscale('log', base=2)
    axes.xaxis.set_major_formatter('{x:.0f}')
    for limit in (SMALL, LARGE):
        axes.axvline(limit, color='black', linewidth=1, linestyle='--')
    share = [
        np.mean(sides < SMALL),
        np.mean((sides >= SMALL) & (sides < LARGE)),
        np.mean(sides >= LARGE),
    ]
    axes.set_title(
        f'objects: {share[0]:.0%} small, {share[1]:.0%} medium, '
        f'{share[2]:.0%} large'
    )
    axes.set_xlabel(f'square root of the area (px); lines: {SMALL}, {LARGE}')
    axes.set_ylabel('objects')


def _draw_images(axes: Axes, sizes: NDArray[np.float64]) -> None:
    places, counts = np.unique(sizes, axis=0, return_counts=True)
    area = 12 + 120 * counts / counts.max()
    axes.scatter(places[:, 0], places[:, 1], area, SERIES_COLORS[1], alpha=0.6)
    axes.set_title(f'images: {len(places)} sizes')
    axes.set_xlabel('width (px)')
    axes.set_ylabel('height (px)')
    axes.set_xlim(0, None)
    axes.set_ylim(0, None)
