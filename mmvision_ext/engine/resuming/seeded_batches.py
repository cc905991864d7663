"""Batches of a data loader that know their place in the training."""

from collections.abc import Iterable, Iterator
from typing import Any

import torch
from mmengine.dist import broadcast_object_list, get_dist_info
from mmengine.runner import EpochBasedTrainLoop, IterBasedTrainLoop, Runner
from torch.utils.data import IterableDataset, Sampler

from .seeding import Stream, seed_generators


class SeededIndices(list):
    """Indices of a batch; walking through them seeds the augmentation.

    A data loader reads a batch with ``[dataset[index] for index in batch]``,
    in whichever process. Before it gets an index, the generators of that
    process are seeded for this sample.

    Args:
        indices: Indices of the samples.
        key: ``(seed, epoch)``.
        numbers: Number of each sample in the epoch, over all processes.
    """

    def __init__(
        self, indices: Iterable[Any], key: tuple[int, int], numbers: range
    ) -> None:
        super().__init__(indices)
        self.key = key
        self.numbers = numbers

    def __iter__(self) -> Iterator[Any]:
        """Walk through the batch.

        Yields:
            Indices.
        """
        for index, number in zip(
            super().__iter__(), self.numbers, strict=True
        ):
            seed_generators(Stream.SAMPLE, *self.key, number)
            yield index

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle without walking through it."""
        return type(self), (self[:], self.key, self.numbers)


class SeededBatches(Sampler):
    """A batch sampler with batches that are a function of seed and place.

    The order within an epoch and the augmentation of each sample follow from
    the seed, the epoch, and the sample's number in the epoch over all
    processes; not from the number of workers, nor from what was drawn before.

    Args:
        batches: The batch sampler, of lists of indices or of tensors.
            Tensors are passed on: a dataset makes whole batches of them.
        seed: The same on all processes.

    Attributes:
        epoch: The next walk is that of this epoch; it counts on by itself.
    """

    def __init__(self, batches: Iterable[Any], seed: int) -> None:
        self.batches = batches
        self.seed = seed
        self.epoch = 0
        self._skipped = 0
        self._rank, self._world_size = get_dist_info()

    def __len__(self) -> int:
        return len(self.batches)  # type: ignore[arg-type]

    def __getattr__(self, name: str) -> Any:
        """What else the batch sampler has, such as ``batch_size``."""
        if name == 'batches':  # not there yet
            raise AttributeError(name)
        return getattr(self.batches, name)

    @property
    def sampler(self) -> Any:
        """What puts samples in order."""
        return getattr(self.batches, 'sampler', self.batches)

    def skip(self, batches: int) -> None:
        """Leave out the first batches of the next walk; no data are read.

        Args:
            batches: How many; where they are more than an epoch has, the walk
                begins in a later epoch.
        """
        self._skipped = batches

    def __iter__(self) -> Iterator[Any]:
        """Walk through an epoch.

        Yields:
            Batches.
        """
        skipped, self._skipped = self._skipped, 0
        while True:
            number = position = 0
            key = (self.seed, self.epoch)
            for batch in self._epoch(key):
                if number >= skipped:
                    yield self._seeded(batch, key, position)
                number += 1
                position += len(batch)
            self.epoch += 1
            skipped -= number
            if skipped <= 0 or not number:
                return

    def _epoch(self, key: tuple[int, int]) -> Iterator[Any]:
        """Batches in their order, whatever it is drawn from."""
        if hasattr(self.sampler, 'set_epoch'):
            self.sampler.set_epoch(self.epoch)
        walk: Iterator[Any] | None = None
        number = 0
        while True:
            seed_generators(Stream.ORDER, *key, number)
            walk = walk or iter(self.batches)
            try:
                batch = next(walk)
            except StopIteration:
                return
            yield batch
            number += 1

    def _seeded(
        self, batch: Any, key: tuple[int, int], position: int
    ) -> SeededIndices | torch.Tensor:
        if isinstance(batch, torch.Tensor):
            return batch
        first = position * self._world_size + self._rank
        end = first + len(batch) * self._world_size
        return SeededIndices(batch, key, range(first, end, self._world_size))


def seed_batches(runner: Runner) -> SeededBatches | None:
    """Give the training data loader of a runner seeded batches.

    Args:
        runner: The runner, with its training loop.

    Returns:
        Its new batch sampler; None where no order could be repeated: of an
        iterable dataset, of one without batches, or of another kind of loop.
    """
    loop = runner.train_loop
    if not isinstance(loop, EpochBasedTrainLoop | IterBasedTrainLoop):
        return None
    loader = loop.dataloader
    if loader.batch_sampler is None or isinstance(
        loader.dataset, IterableDataset
    ):
        return None
    batches = loader.batch_sampler
    if isinstance(batches, SeededBatches):
        batches = batches.batches
    seed = [runner.seed]
    broadcast_object_list(seed)  # with diff_rank_seed each has its own
    seeded = SeededBatches(batches, seed[0])
    # DataLoader lets nobody replace it after it was built; a new loader would
    # forget batch_size and sampler, which hooks and loops ask for.
    object.__setattr__(loader, 'batch_sampler', seeded)
    return seeded
