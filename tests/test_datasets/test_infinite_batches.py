"""Batches of tensors that never end, for iteration-based trainings."""

from itertools import islice

import pytest
import torch
from mmengine.dataset import DefaultSampler, InfiniteSampler

from mmvision_ext.datasets.batch_loading import TensorBatchSampler
from mmvision_ext.utils import InputError

IMAGES = range(10)


@pytest.mark.parametrize('drop_last', [False, True])
def test_an_infinite_sampler_gives_full_batches(drop_last: bool) -> None:
    first, second = (InfiniteSampler(IMAGES, seed=0) for _ in range(2))
    found = torch.cat([*islice(TensorBatchSampler(first, 4, drop_last), 7)])
    assert found.tolist() == [*islice(second, 28)]


@pytest.mark.parametrize(
    ('drop_last', 'sizes'), [(False, [4, 4, 2]), (True, [4, 4])]
)
def test_an_epoch_ends(drop_last: bool, sizes: list[int]) -> None:
    sampler = DefaultSampler(IMAGES, shuffle=False)
    batches = [*TensorBatchSampler(sampler, 4, drop_last)]
    assert [len(batch) for batch in batches] == sizes
    assert torch.cat(batches).tolist() == [*range(sum(sizes))]


def test_batches_have_an_image_at_least() -> None:
    sampler = DefaultSampler(IMAGES)
    with pytest.raises(InputError, match='batch_size: .* 1, found 0'):
        TensorBatchSampler(sampler, 0)
