"""Flips that alternate, from the seed and the epoch alone."""

from types import SimpleNamespace

import pytest
import torch

from mmvision_ext.engine.hooks import AlternatingFlipHook
from mmvision_ext.utils import InputError

IMAGES = torch.arange(40 * 3 * 2 * 4).reshape(40, 3, 2, 4)


def _runner(
    images: object = IMAGES, num_workers: int = 0, seed: int = 5
) -> SimpleNamespace:
    dataset = SimpleNamespace(images=images)
    loader = SimpleNamespace(dataset=dataset, num_workers=num_workers)
    return SimpleNamespace(train_dataloader=loader, seed=seed, epoch=0)


def _shown(runner: SimpleNamespace, epochs: range) -> list[torch.Tensor]:
    """Which images are flipped in each epoch."""
    hook = AlternatingFlipHook()
    runner.epoch = epochs[0]
    hook.before_train(runner)
    found = []
    for epoch in epochs:
        runner.epoch = epoch
        hook.before_train_epoch(runner)
        images = runner.train_dataloader.dataset.images
        flipped = (images == IMAGES.flip(-1)).flatten(1).all(1)
        assert (flipped | (images == IMAGES).flatten(1).all(1)).all()
        found.append(flipped)
    return found


def test_every_image_alternates() -> None:
    first, second, third, fourth = _shown(_runner(), range(4))
    assert 8 < first.sum() < 32
    assert torch.equal(second, ~first) and torch.equal(third, first)
    assert torch.equal(fourth, second)
    assert not torch.equal(_shown(_runner(seed=6), range(1))[0], first)


@pytest.mark.parametrize('start', [1, 2, 3])
def test_a_resumed_run_goes_on_the_same(start: int) -> None:
    whole = _shown(_runner(), range(5))
    resumed = _shown(_runner(), range(start, 5))
    for one, other in zip(whole[start:], resumed, strict=True):
        assert torch.equal(one, other)


def test_other_datasets_and_workers_are_refused() -> None:
    hook = AlternatingFlipHook()
    with pytest.raises(InputError, match='mmvision_ext.TensorImageDataset'):
        hook.before_train(_runner(images=None))
    with pytest.raises(InputError, match='num_workers=0.*found 2'):
        hook.before_train(_runner(num_workers=2))
