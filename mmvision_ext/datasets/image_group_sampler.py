"""Random order of objects in which each image is decoded once."""

from collections.abc import Iterator

import numpy as np
from mmengine.dataset import BaseDataset
from mmengine.dist import get_dist_info, sync_random_seed
from numpy.typing import NDArray
from torch.utils.data import Sampler

from mmvision_ext.registry import DATA_SAMPLERS
from mmvision_ext.utils import InputError


@DATA_SAMPLERS.register_module()
class ImageGroupSampler(Sampler):
    """Shuffle images, and objects among the images that are kept decoded.

    An epoch has all objects. The images come in a random order, and the
    objects of each ``images`` of them that follow each other are shuffled
    together: a batch mixes images, and each image is decoded once where
    ``LoadObjectCrop`` keeps as many. Workers of a data loader take turns,
    batch by batch, so each of them gets images of its own; to know which
    batch goes where, this needs the ``batch_size`` and ``num_workers`` of the
    data loader. The same holds for the processes of a distributed training.

    For evaluation use ``DefaultSampler`` with ``shuffle=False``: the datasets
    have the objects in the order of the images.

    Args:
        dataset: Its samples have ``img_path``.
        batch_size: That of the data loader.
        num_workers: That of the data loader.
        images: Number of images whose objects are mixed.
        seed: Seed of the order; None draws one, the same in all processes.

    Raises:
        InputError: If a number is out of range, or a sample has no file.
    """

    def __init__(
        self,
        dataset: BaseDataset,
        batch_size: int,
        num_workers: int = 0,
        images: int = 32,
        seed: int | None = None,
    ) -> None:
        for key, value, least in (
            ('batch_size', batch_size, 1),
            ('num_workers', num_workers, 0),
            ('images', images, 1),
        ):
            if value < least:
                raise InputError(
                    f'ImageGroupSampler.{key}: expected at least {least}, '
                    f'found {value}'
                )
        self.rank, self.world_size = get_dist_info()
        self.dataset = dataset
        self.batch_size = batch_size
        self.streams = max(num_workers, 1)
        self.images = images
        self.seed = sync_random_seed() if seed is None else seed
        self.epoch = 0
        paths = [
            dataset.get_data_info(index).get('img_path')
            for index in range(len(dataset))
        ]
        if None in paths:
            raise InputError(
                'ImageGroupSampler: expected samples with img_path, found '
                f'none in {type(dataset).__name__}. Use DefaultSampler.'
            )
        self._group = np.unique(paths, return_inverse=True)[1].reshape(-1)

    def __len__(self) -> int:
        """Number of objects that this process gets in an epoch."""
        return -(-len(self._group) // self.world_size)

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch; each has an order of its own.

        Args:
            epoch: Number of the epoch, from 0.
        """
        self.epoch = epoch

    def __iter__(self) -> Iterator[int]:
        """Walk through an epoch.

        Yields:
            Indices of objects.
        """
        rng = np.random.default_rng((self.seed, self.epoch))
        rank_of_image = rng.permutation(self._group.max() + 1)
        order = np.argsort(rank_of_image[self._group], kind='stable')
        count = len(self)
        order = np.resize(order, count * self.world_size)
        own = order[self.rank * count : (self.rank + 1) * count]
        yield from self._interleaved(own, rng).tolist()

    def _interleaved(
        self, order: NDArray[np.int64], rng: np.random.Generator
    ) -> NDArray[np.int64]:
        """Give each worker consecutive images, batch by batch.

        Args:
            order: Indices of objects, (N,), by image.
            rng: Shuffles the objects of neighbouring images.

        Returns:
            Indices, (N,), batch after batch.
        """
        size = self.batch_size
        batches = -(-len(order) // size)
        result = np.empty_like(order)
        start = 0
        for stream in range(self.streams):
            places = np.concatenate(
                [
                    np.arange(b * size, min((b + 1) * size, len(order)))
                    for b in range(stream, batches, self.streams)
                ]
                or [np.empty(0, np.int64)]
            )
            part = order[start : start + len(places)]
            start += len(places)
            result[places] = self._mixed(part, rng)
        return result

    def _mixed(
        self, order: NDArray[np.int64], rng: np.random.Generator
    ) -> NDArray[np.int64]:
        """Shuffle objects among each ``images`` images in a row."""
        if not len(order):
            return order
        group = self._group[order]
        number = np.cumsum(np.r_[0, group[1:] != group[:-1]])  # image, from 0
        window = number // self.images
        return order[np.lexsort((rng.random(len(order)), window))]
