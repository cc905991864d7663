"""Features of a classifier in the plane: t-SNE and PCA."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

from mmvision_ext.utils import InputError
from mmvision_ext.utils.tables import save_csv
from mmvision_ext.visualization.scatter import MAX_LEGEND, plot_scatter

from .classification import DatasetClassification
from .classification_names import class_index

Method = Literal['tsne', 'pca']

MAX_PERPLEXITY = 30.0  # scikit-learn's default
MAX_COMPONENTS = 50  # that t-SNE is given, as its authors advise


@dataclass(frozen=True)
class Embedding:
    """Images in the plane.

    Attributes:
        points: Shape (N, 2), float32.
        method: How they came about, with its settings.
        explained: Share of the variance along x and y; None for t-SNE.
    """

    points: NDArray[np.float32]
    method: str
    explained: tuple[float, float] | None = None


def embed(
    features: NDArray[np.float32],
    method: Method,
    perplexity: float | None = None,
    seed: int = 0,
) -> Embedding:
    """Bring features into the plane.

    Args:
        features: Shape (N, D), at least 3 images and 2 dimensions.
        method: ``'tsne'`` or ``'pca'``.
        perplexity: Of t-SNE, about the number of neighbours that count; less
            than N. None takes 30, or a third of N where that is less.
        seed: Seed of t-SNE.

    Returns:
        The points.

    Raises:
        InputError: There are too few images or dimensions, or the perplexity
            is out of range.
    """
    count, dimensions = features.shape
    if count < 3 or dimensions < 2:
        raise InputError(
            'features: expected at least 3 images and 2 dimensions, found '
            f'{count} images and {dimensions} dimensions.'
        )
    if method == 'pca':
        pca = PCA(2, svd_solver='full').fit(features)
        first, second = pca.explained_variance_ratio_
        return Embedding(
            pca.transform(features).astype(np.float32),
            'PCA',
            (float(first), float(second)),
        )
    if perplexity is None:
        perplexity = min(MAX_PERPLEXITY, count / 3)
    if not 1 <= perplexity < count:
        raise InputError(
            f'perplexity: expected at least 1 and less than the {count} '
            f'images, found {perplexity:g}.'
        )
    components = min(MAX_COMPONENTS, dimensions, count)
    reduced = PCA(components, svd_solver='full').fit_transform(features)
    points = TSNE(
        perplexity=perplexity, init='pca', random_state=seed
    ).fit_transform(reduced)
    return Embedding(
        points.astype(np.float32),
        f't-SNE of {components} principal components, perplexity '
        f'{perplexity:g}, seed {seed}',
    )


def write_embedding(
    embedding: Embedding,
    results: DatasetClassification,
    folder: str | Path,
    name: str,
    layer: str,
    chosen: Sequence[str] = (),
) -> list[Path]:
    """Write ``<name>.png`` and ``<name>.csv``.

    Args:
        embedding: The points.
        results: The images they stand for.
        folder: Where to; made where missing.
        name: Name of the files.
        layer: Which layer gave the features, for the title.
        chosen: Names or indices of classes to show in colour, at most 20;
            nothing chosen shows all.

    Returns:
        The files written.

    Raises:
        InputError: There is no such class, or too many are chosen.
    """
    indices = class_indices(chosen, results.classes)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    axis_labels = None
    if embedding.explained:
        axis_labels = (
            f'first component, {embedding.explained[0]:.1%} of the variance',
            f'second component, {embedding.explained[1]:.1%} of the variance',
        )
    chart = plot_scatter(
        embedding.points,
        results.labels,
        results.classes,
        folder / f'{name}.png',
        f'{len(results)} images by their features at {layer}, coloured by '
        f'true class\n{embedding.method}',
        axis_labels,
        indices,
    )
    table = save_csv(
        folder / f'{name}.csv',
        ['image', 'true', 'predicted', 'x', 'y'],
        (
            [
                path,
                results.classes[label],
                results.classes[predicted],
                f'{x:.5g}',
                f'{y:.5g}',
            ]
            for path, label, predicted, (x, y) in zip(
                results.paths,
                results.labels,
                results.predicted,
                embedding.points,
                strict=True,
            )
        ),
    )
    return [chart, table]


def class_indices(names: Sequence[str], classes: Sequence[str]) -> list[int]:
    """Positions of the classes that a chart shows in colour.

    Args:
        names: Names or indices of classes, at most 20.
        classes: Names of all classes.

    Returns:
        Their indices in the order named, each once.

    Raises:
        InputError: There is no such class, or there are too many.
    """
    indices = list(dict.fromkeys(class_index(name, classes) for name in names))
    if len(indices) > MAX_LEGEND:
        raise InputError(
            f'classes: expected at most {MAX_LEGEND}, so that the legend can '
            f'be matched with the points, found {len(indices)}. Name fewer.'
        )
    return indices
