"""Order and augmentation follow from seed, epoch and place."""

import pickle
import random
from collections.abc import Iterable
from itertools import islice
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.dataset import DefaultSampler, InfiniteSampler
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    Dataset,
    RandomSampler,
    Sampler,
)

from mmvision_ext.datasets import TensorBatchSampler
from mmvision_ext.engine.resuming import SeededBatches, SeededIndices

Batch = list[tuple[float, ...]]


class _Noise(Dataset):
    """Eleven samples; each is drawn from all three generators."""

    def __len__(self) -> int:
        return 11

    def __getitem__(self, index: int) -> tuple[float, ...]:
        noise = random.random(), np.random.rand(), torch.rand(1).item()
        return index, *noise


def _batches(sampler: Sampler | None = None, seed: int = 0) -> SeededBatches:
    sampler = sampler or DefaultSampler(_Noise(), seed=5)
    return SeededBatches(BatchSampler(sampler, 2, False), seed)


def _load(batches: Iterable[Any], workers: int = 0) -> list[Batch]:
    loader = DataLoader(
        _Noise(), batch_sampler=batches, num_workers=workers, collate_fn=list
    )
    return list(loader)


def test_neither_workers_nor_the_past_matter() -> None:
    expected = _load(_batches())
    random.seed(1)
    np.random.seed(2)
    torch.manual_seed(3)
    assert _load(_batches()) == expected
    assert _load(_batches(), workers=2) == expected


def test_every_sample_has_noise_of_its_own() -> None:
    batches = _batches()
    walks = [_load(batches), _load(batches), _load(_batches(seed=1))]
    assert batches.epoch == 2
    noise = [part for walk in walks for batch in walk for _, *part in batch]
    assert len({value for part in noise for value in part}) == 3 * 3 * 11
    orders = [[index for [index, *_], *_ in walk] for walk in walks]
    assert orders[0] != orders[1]


@pytest.mark.parametrize('workers', [0, 2])
def test_skipped_batches_leave_the_rest_as_it_is(workers: int) -> None:
    batches = _batches()
    epochs = _load(batches) + _load(batches)
    for skipped in (1, 5, 7, 11):
        batches = _batches()
        batches.skip(skipped)
        end = 6 if skipped < 6 else 12
        assert _load(batches, workers) == epochs[skipped:end]
    batches = _batches()
    batches.skip(6)  # the whole epoch: the loop goes on to the next one
    assert _load(batches) == []
    assert _load(batches) == epochs[6:]


def test_endless_samplers_go_on() -> None:
    def walk(skipped: int, count: int) -> list[Any]:
        batches = _batches(InfiniteSampler(_Noise(), seed=5))
        batches.skip(skipped)
        loader = DataLoader(_Noise(), batch_sampler=batches, collate_fn=list)
        return list(islice(loader, count))

    assert walk(13, 7) == walk(0, 20)[13:]


def test_two_processes_read_the_samples_of_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    expected = sorted(_load(_batches())[0] + _load(_batches())[1])
    found: Batch = []
    for rank in range(2):
        for module in (
            'mmvision_ext.engine.resuming.seeded_batches',
            'mmengine.dataset.sampler',
        ):
            monkeypatch.setattr(
                f'{module}.get_dist_info', lambda rank=rank: (rank, 2)
            )
        found += _load(_batches())[0]
    assert sorted(found) == expected


def test_samplers_without_a_seed_are_repeated() -> None:
    first = _load(_batches(RandomSampler(_Noise())))
    torch.rand(7)
    batches = _batches(RandomSampler(_Noise()))
    batches.skip(2)
    assert _load(batches) == first[2:]


def test_tensors_stay_tensors() -> None:
    own = TensorBatchSampler(DefaultSampler(_Noise(), seed=5), 4)
    for seeded, plain in zip(SeededBatches(own, 0), own, strict=True):
        assert isinstance(seeded, torch.Tensor)
        assert torch.equal(seeded, plain)


def test_it_has_what_the_batch_sampler_has() -> None:
    batches = _batches()
    assert (len(batches), batches.batch_size) == (6, 2)
    assert isinstance(batches.sampler, DefaultSampler)
    with pytest.raises(AttributeError, match='missing'):
        _ = batches.missing


def test_indices_go_to_workers_without_a_draw() -> None:
    indices = SeededIndices([4, 2], (0, 0), range(2))
    random.seed(0)
    state = random.getstate()
    copy = pickle.loads(pickle.dumps(indices))
    assert random.getstate() == state
    assert isinstance(copy, SeededIndices)
    assert (copy[:], copy.key, copy.numbers) == ([4, 2], (0, 0), range(2))
