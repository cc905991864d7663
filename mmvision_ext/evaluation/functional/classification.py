"""Accuracy of class scores."""

import numpy as np
import torch
from numpy.typing import NDArray

from mmvision_ext.utils import InputError


def label_ranks(scores: NDArray, labels: NDArray) -> NDArray[np.int64]:
    """Rank of the true class among the scores of each image.

    Of equal scores the class of lower index comes first, as with ``argmax``.
    Where a score is nan or infinite the true class is last.

    Args:
        scores: Score of each class, shape (N, C).
        labels: Index of the true class, shape (N,), int.

    Returns:
        Rank from 0 (best) to C - 1, shape (N,).
    """
    classes = np.arange(scores.shape[1])
    true = np.take_along_axis(scores, labels[:, None], axis=1)
    before = (scores > true) | ((scores == true) & (classes < labels[:, None]))
    finite = np.isfinite(scores).all(axis=1)
    return np.where(finite, before.sum(axis=1), scores.shape[1] - 1)


def batch_label_ranks(
    scores: torch.Tensor, labels: torch.Tensor
) -> torch.Tensor:
    """What :func:`label_ranks` computes, on the device of the scores.

    Args:
        scores: Score of each class, shape (N, C).
        labels: Index of the true class, shape (N,), int64; ranks of those
            that are no class mean nothing.

    Returns:
        Rank from 0 (best) to C - 1, shape (N,), int64.
    """
    last = scores.shape[1] - 1
    classes = torch.arange(last + 1, device=scores.device)
    labels = labels.clamp(0, last)[:, None]
    true = scores.gather(1, labels)
    before = (scores > true) | ((scores == true) & (classes < labels))
    finite = scores.isfinite().all(dim=1)
    return before.sum(dim=1).where(finite, last)


def top_k_accuracy(ranks: NDArray, k: int, num_classes: int) -> float:
    """Share of images whose true class is among the k best scores.

    Args:
        ranks: Rank of the true class from 0, shape (N,).
        k: Number of guesses, less than ``num_classes``.
        num_classes: Number of classes.

    Returns:
        In [0, 1]; nan without images.

    Raises:
        InputError: If there is one class, or ``k`` is not in [1, num_classes).
    """
    if num_classes < 2:
        raise InputError(
            'accuracy: expected scores of two classes or more, found '
            f'{num_classes}; set model.head.num_classes'
        )
    if not 1 <= k < num_classes:
        raise InputError(
            f'topk: expected values from 1 to {num_classes - 1} for '
            f'{num_classes} classes, found {k}'
        )
    return float((ranks < k).mean()) if len(ranks) else float('nan')


def per_class_accuracy(
    ranks: NDArray, labels: NDArray, num_classes: int
) -> NDArray[np.float64]:
    """Top-1 accuracy of each class.

    Args:
        ranks: Rank of the true class from 0, shape (N,).
        labels: Index of the true class, shape (N,), int.
        num_classes: Number of classes C.

    Returns:
        In [0, 1], shape (C,); nan for a class without images.
    """
    counts = np.bincount(labels, minlength=num_classes)
    hits = np.bincount(labels[ranks == 0], minlength=num_classes)
    return np.divide(
        hits, counts, out=np.full(num_classes, np.nan), where=counts > 0
    )
