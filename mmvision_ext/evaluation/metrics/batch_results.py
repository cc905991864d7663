"""Results of whole batches, as a ClassificationBatch brings them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from mmvision_ext.utils import InputError

from ..functional.classification import batch_label_ranks


@dataclass(frozen=True)
class RankedBatch:
    """What accuracies need of B images.

    Attributes:
        columns: Rank of the true class, true class, position in the dataset,
            and 1 where the scores are finite, else 0; int64, (4, B).
        num_classes: Number of classes that the model scores.
    """

    columns: torch.Tensor
    num_classes: int


def is_batch(sample: Mapping[str, Any]) -> bool:
    """Tell a batch from a data sample.

    Args:
        sample: Either of them, as a dict.

    Returns:
        Whether there are scores of several images, (B, C) and not (C,).
    """
    score = sample.get('pred_score')
    return isinstance(score, torch.Tensor) and score.ndim == 2


def rank_batch(batch: Mapping[str, Any]) -> RankedBatch:
    """Rank the true classes of a batch, without waiting for the device.

    Args:
        batch: ``pred_score`` (B, C), ``gt_label`` (B,) and ``sample_idx``
            (B,).

    Returns:
        What counts, on the device of the scores.

    Raises:
        InputError: If labels or positions are missing.
    """
    for key, cause in (
        ('gt_label', 'the dataset gives no label'),
        ('sample_idx', 'images of several processes could count twice'),
    ):
        if batch.get(key) is None:
            raise InputError(
                f'ClassificationBatch: expected {key}, found none: {cause}.'
            )
    scores, labels = batch['pred_score'], batch['gt_label']
    columns = [
        batch_label_ranks(scores, labels),
        labels,
        batch['sample_idx'].to(scores.device),
        scores.isfinite().all(dim=1).long(),
    ]
    return RankedBatch(torch.stack(columns), scores.shape[1])


def join_batches(batches: Sequence[RankedBatch]) -> RankedBatch:
    """Put batches together.

    Args:
        batches: At least one.

    Returns:
        One batch on the CPU with each image once, in the dataset's order.
    """
    columns = torch.cat([batch.columns for batch in batches], dim=1).cpu()
    columns = columns[:, columns[2].argsort(stable=True)]
    first = torch.ones_like(columns[2], dtype=torch.bool)
    first[1:] = columns[2, 1:] != columns[2, :-1]
    return RankedBatch(columns[:, first], batches[0].num_classes)


def split_batch(batch: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Say of each image what a data sample would.

    Args:
        batch: ``pred_score`` (B, C) and, of the other fields of a
            ClassificationBatch, those that there are.

    Yields:
        ``pred_score`` (C,), ``pred_label`` (1,), ``gt_label`` (1,) and
        ``sample_idx``, an int.
    """
    scores = batch['pred_score']
    found = scores.argmax(dim=1)
    for index, score in enumerate(scores):
        sample = dict(pred_score=score, pred_label=found[index : index + 1])
        if batch.get('gt_label') is not None:
            sample['gt_label'] = batch['gt_label'][index : index + 1]
        if batch.get('sample_idx') is not None:
            sample['sample_idx'] = int(batch['sample_idx'][index])
        yield sample
