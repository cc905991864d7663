"""ImageGroupSampler: every object once, every image decoded once."""

from collections import Counter

import numpy as np
import pytest
from mmengine.registry import DATA_SAMPLERS
from torch.utils.data import BatchSampler

from mmvision_ext.datasets import ImageGroupSampler
from mmvision_ext.utils import InputError


class Objects:
    """A dataset of objects of images, 1 to 9 of each.

    Args:
        images: Number of images.
    """

    def __init__(self, images):
        counts = np.random.default_rng(0).integers(1, 10, images)
        self.image = np.repeat(np.arange(images), counts)

    def __len__(self):
        return len(self.image)

    def get_data_info(self, index):
        return dict(img_path=f'{self.image[index]:03d}.jpg')


def sampler(dataset, **kwargs):
    settings = dict(batch_size=4, seed=1)
    return ImageGroupSampler(dataset, **{**settings, **kwargs})


def decodes(dataset, batches, kept):
    """How often images are decoded by a worker that keeps the last ones."""
    count, images = 0, []
    for index in (i for batch in batches for i in batch):
        image = dataset.image[index]
        if image in images:
            images.remove(image)
        else:
            count += 1
        images = [*images, image][-kept:]
    return count


@pytest.mark.parametrize('num_workers', [0, 1, 3, 40])
def test_an_epoch_has_every_object_once(num_workers):
    dataset = Objects(30)
    found = sampler(dataset, num_workers=num_workers, images=4)
    assert len(found) == len(dataset)
    assert sorted(found) == list(range(len(dataset)))


@pytest.mark.parametrize('num_workers', [1, 2, 3])
def test_each_worker_decodes_its_images_once(num_workers):
    dataset = Objects(60)
    order = sampler(dataset, num_workers=num_workers, images=8)
    batches = list(BatchSampler(order, 4, drop_last=False))
    total = 0
    for worker in range(num_workers):
        mine = batches[worker::num_workers]
        total += decodes(dataset, mine, kept=8)
    # An image that lies across two workers' parts is decoded by both.
    assert 60 <= total <= 60 + num_workers - 1
    blind = sampler(dataset, images=60, seed=2)
    batches = list(BatchSampler(blind, 4, drop_last=False))
    assert decodes(dataset, batches, kept=8) > 2 * 60


def test_batches_mix_images():
    dataset = Objects(60)
    batches = list(BatchSampler(sampler(dataset, images=16), 4, False))
    mixed = [len({dataset.image[i] for i in batch}) for batch in batches]
    assert np.mean(mixed) > 3
    alone = list(BatchSampler(sampler(dataset, images=1), 4, False))
    assert np.mean([len({dataset.image[i] for i in b}) for b in alone]) < 2


def test_orders_follow_seed_and_epoch():
    dataset = Objects(20)
    first = sampler(dataset)
    orders = [list(first), list(first), list(sampler(dataset, seed=2))]
    first.set_epoch(1)
    orders.append(list(first))
    assert orders[0] == orders[1]
    assert orders[0] != orders[2] and orders[0] != orders[3]


@pytest.mark.parametrize('world_size', [2, 3])
def test_processes_share_an_epoch(monkeypatch, world_size):
    dataset, parts = Objects(31), []
    for rank in range(world_size):
        monkeypatch.setattr(
            'mmvision_ext.datasets.image_group_sampler.get_dist_info',
            lambda rank=rank: (rank, world_size),
        )
        parts.append(list(sampler(dataset, num_workers=2)))
    assert len({len(part) for part in parts}) == 1
    counts = Counter(index for part in parts for index in part)
    assert set(counts) == set(range(len(dataset)))
    assert sum(counts.values()) - len(counts) < world_size
    images = [{dataset.image[i] for i in part} for part in parts]
    # Only images at the seams are in two processes.
    assert sum(map(len, images)) <= 31 + world_size


def test_it_is_built_by_its_name_and_checks_its_numbers():
    built = DATA_SAMPLERS.build(
        dict(
            type='mmvision_ext.ImageGroupSampler', batch_size=2, num_workers=2
        ),
        default_args=dict(dataset=Objects(3), seed=0),
    )
    assert built.images == 32
    for options in (dict(batch_size=0), dict(num_workers=-1), dict(images=0)):
        (name,) = options
        with pytest.raises(InputError, match=f'{name}: expected at least'):
            sampler(Objects(3), **options)


def test_samples_without_a_file_are_refused():
    class InMemory(Objects):
        def get_data_info(self, index):
            return dict(img=np.zeros((2, 2, 3)))

    with pytest.raises(InputError, match='expected samples with img_path'):
        sampler(InMemory(2))
