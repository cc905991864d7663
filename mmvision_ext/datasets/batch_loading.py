"""Data loading for datasets that make whole batches."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from math import ceil
from typing import Any

import torch
from mmengine.dataset import (
    DefaultSampler,
    InfiniteSampler,
    default_collate,
)
from torch.utils.data import Sampler

from mmvision_ext.registry import DATA_SAMPLERS, FUNCTIONS
from mmvision_ext.utils import InputError


@DATA_SAMPLERS.register_module()
class TensorBatchSampler(Sampler):
    """Batches of indices as tensors.

    The indices of an epoch go to the dataset's device in one copy, so that no
    batch waits for one.

    Args:
        sampler: Gives one index after another, as mmengine's
            ``DefaultSampler``; its ``set_epoch`` is used as ever.
        batch_size: Indices a batch.
        drop_last: Whether to leave out a last batch that is not full.

    Raises:
        InputError: If ``batch_size`` is below 1, or there are no batches.
    """

    def __init__(
        self,
        sampler: DefaultSampler | InfiniteSampler,
        batch_size: int,
        drop_last: bool = False,
    ) -> None:
        if batch_size < 1:
            raise InputError(
                f'batch_size: expected at least 1, found {batch_size}'
            )
        self.sampler = sampler
        self.batch_size = batch_size
        self.drop_last = drop_last
        if not len(self):
            raise InputError(
                f'batch_size: expected at most the {len(sampler)} images of '
                f'the dataset, found {batch_size}, which with drop_last '
                'leaves no batch. Lower it, or set batch_sampler.drop_last '
                'to False.'
            )

    def __len__(self) -> int:
        count = len(self.sampler) / self.batch_size
        return int(count) if self.drop_last else ceil(count)

    def __iter__(self) -> Iterator[torch.Tensor]:
        """Walk through an epoch, or for ever with an ``InfiniteSampler``.

        Yields:
            Indices, int64, (B,), on the dataset's device.
        """
        dataset = getattr(self.sampler, 'dataset', None)
        device = getattr(dataset, 'device', 'cpu')
        walk = iter(self.sampler)
        while epoch := list(islice(walk, len(self) * self.batch_size)):
            indices = torch.tensor(epoch, dtype=torch.int64).to(device)
            for batch in indices.split(self.batch_size):
                if len(batch) == self.batch_size or not self.drop_last:
                    yield batch


@FUNCTIONS.register_module()
def keep_batch(
    batch: Mapping[str, torch.Tensor] | Sequence[Any],
) -> Any:
    """Collate function for a dataset that makes whole batches.

    Args:
        batch: A batch, or samples as from any other dataset.

    Returns:
        The batch as it is; of samples what mmengine's ``default_collate``
        makes of them.
    """
    if isinstance(batch, Mapping):
        return batch
    return default_collate(batch)
