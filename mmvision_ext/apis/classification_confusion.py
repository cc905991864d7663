"""How often a classifier is right, and which classes it mixes up."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import squareform
from sklearn.metrics import confusion_matrix

from mmvision_ext.evaluation.functional.classification import (
    label_ranks,
    per_class_accuracy,
    top_k_accuracy,
)

from .classification import DatasetClassification

TOP_K = 5


@dataclass(frozen=True)
class ClassificationSummary:
    """Accuracies in per cent, and what guessing gives.

    Attributes:
        num_images: Number of images.
        num_classes: Number of classes that the model knows.
        num_seen: Number of classes of which there are images.
        top1: Share of images whose most probable class is right.
        top5: Share whose true class is among the five most probable; None
            where there are no more than five classes.
        mean_class: Mean over the classes that have images of the share that
            is right.
        chance_top1: Expected ``top1`` and ``mean_class`` of guessing.
        chance_top5: Expected ``top5`` of guessing, or None.
        largest_class: ``top1`` of always answering the most frequent class.
        protocol: How training and test images were chosen, where the dataset
            says it.
    """

    num_images: int
    num_classes: int
    num_seen: int
    top1: float
    top5: float | None
    mean_class: float
    chance_top1: float
    chance_top5: float | None
    largest_class: float
    protocol: str = ''

    def __str__(self) -> str:
        unseen = self.num_classes - self.num_seen
        without = f', {unseen} of them without an image' if unseen else ''
        top5 = chance5 = ''
        if self.top5 is not None:
            top5 = f'top-5 {self.top5:.2f} %, '
            chance5 = f', top-5 {self.chance_top5:.2f} %'
        protocol = f'; {self.protocol}' if self.protocol else ''
        return (
            f'top-1 {self.top1:.2f} %, {top5}mean class '
            f'{self.mean_class:.2f} % on {self.num_images} images of '
            f'{self.num_classes} classes{without} (guessing: top-1 '
            f'{self.chance_top1:.2f} %{chance5}; always the largest class: '
            f'{self.largest_class:.2f} %){protocol}'
        )


@dataclass(frozen=True)
class ConfusedPair:
    """Images of one class that were taken for one other.

    Attributes:
        true: Index of the true class.
        predicted: Index of the predicted class.
        count: Number of such images.
        share: Their share of the images of the true class, 0 to 1.
    """

    true: int
    predicted: int
    count: int
    share: float


def count_confusions(results: DatasetClassification) -> NDArray[np.int64]:
    """Count each pair of true and predicted class.

    Args:
        results: Scores and labels.

    Returns:
        Counts, rows true and columns predicted, shape (C, C).
    """
    return confusion_matrix(
        results.labels,
        results.predicted,
        labels=np.arange(len(results.classes)),
    ).astype(np.int64)


def class_accuracy(results: DatasetClassification) -> NDArray[np.float64]:
    """Share of the images of each class that is right.

    Args:
        results: Scores and labels.

    Returns:
        Shares from 0 to 1, shape (C,); nan for classes without images.
    """
    ranks = label_ranks(results.scores, results.labels)
    return per_class_accuracy(ranks, results.labels, len(results.classes))


def summarise(results: DatasetClassification) -> ClassificationSummary:
    """Accuracies of a classifier, and what guessing gives.

    Args:
        results: Scores and labels of at least one image.

    Returns:
        The accuracies in per cent.
    """
    num_classes = len(results.classes)
    ranks = label_ranks(results.scores, results.labels)
    shares = class_accuracy(results)
    frequent = np.bincount(results.labels).max()
    many = num_classes > TOP_K
    return ClassificationSummary(
        num_images=len(results),
        num_classes=num_classes,
        num_seen=int(np.isfinite(shares).sum()),
        top1=100 * top_k_accuracy(ranks, 1, num_classes),
        top5=100 * top_k_accuracy(ranks, TOP_K, num_classes) if many else None,
        mean_class=100 * float(np.nanmean(shares)),
        chance_top1=100 / num_classes,
        chance_top5=100 * TOP_K / num_classes if many else None,
        largest_class=100 * float(frequent) / len(results),
        protocol=results.protocol,
    )


def block_order(matrix: NDArray[np.int64]) -> NDArray[np.int64]:
    """Order classes so that those that are mixed up stand side by side.

    Classes are clustered (average linkage) by how often one is taken for the
    other, in either direction, and the leaves of the tree are ordered
    optimally (Bar-Joseph et al., 2001).

    Args:
        matrix: Counts, rows true and columns predicted, shape (C, C).

    Returns:
        Indices of the classes, a permutation of 0 to C - 1, shape (C,).
    """
    if len(matrix) < 3:
        return np.arange(len(matrix))
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    distance = 1 - (shares + shares.T) / 2
    np.fill_diagonal(distance, 0)
    tree = linkage(
        squareform(distance, checks=False), 'average', optimal_ordering=True
    )
    return leaves_list(tree).astype(np.int64)


def confused_pairs(matrix: NDArray[np.int64]) -> list[ConfusedPair]:
    """All pairs of classes that were mixed up, most frequent first.

    Args:
        matrix: Counts, rows true and columns predicted, shape (C, C).

    Returns:
        The pairs, by number of images, then by share.
    """
    totals = matrix.sum(axis=1)
    pairs = [
        ConfusedPair(
            int(true),
            int(predicted),
            int(matrix[true, predicted]),
            float(matrix[true, predicted] / totals[true]),
        )
        for true, predicted in np.argwhere(matrix > 0)
        if true != predicted
    ]
    return sorted(pairs, key=lambda pair: (-pair.count, -pair.share))
