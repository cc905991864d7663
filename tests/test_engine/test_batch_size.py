"""What is said about batch size and learning rate."""

from collections.abc import Iterator

import pytest
from torch.utils.data import BatchSampler, DataLoader, Sampler

from mmvision_ext.engine.batch_size import (
    describe_batch_size,
    loader_batch_size,
)

SCALED = dict(enable=True, base_batch_size=8)
MEANT = dict(enable=False, base_batch_size=8)


@pytest.mark.parametrize(
    'world, batch, accumulation, auto_scale_lr, right, end',
    [
        (2, 4, 1, {}, True, 'learning rate 0.1'),
        (2, 4, 1, MEANT, True, 'learning rate 0.1'),
        # Accumulated steps make the batch that the rate is meant for.
        (1, 4, 2, MEANT, True, 'learning rate 0.1'),
        (2, 8, 1, MEANT, False, 'add --auto-scale-lr to scale it linearly'),
        (
            1,
            8,
            2,
            MEANT,
            False,
            'multiply optim_wrapper.optimizer.lr by 2 (--auto-scale-lr '
            'leaves accumulated steps out)',
        ),
        (2, 8, 1, SCALED, True, 'scaled from base batch size 8'),
        (
            1,
            4,
            4,
            SCALED,
            False,
            'scaled from base batch size 8 to 4, since --auto-scale-lr '
            'leaves accumulated steps out: for the linear rule multiply '
            'optim_wrapper.optimizer.lr by 4',
        ),
    ],
)
def test_the_line_says_what_to_do(
    world: int,
    batch: int,
    accumulation: int,
    auto_scale_lr: dict,
    right: bool,
    end: str,
) -> None:
    text, follows = describe_batch_size(
        world, batch, accumulation, '0.1', auto_scale_lr
    )
    assert text.startswith(
        f'effective batch size {world * batch * accumulation} = {world} '
        f'process(es) x {batch} x {accumulation} accumulated step(s)'
    )
    assert text.endswith(end)
    assert follows is right


def test_a_batch_size_that_is_not_known() -> None:
    text, follows = describe_batch_size(2, None, 3, '0.1', MEANT)
    assert 'chosen by the batch sampler' in text
    assert text.endswith('learning rate 0.1, meant for batch size 8')
    assert follows


class OwnSampler(BatchSampler):
    """A batch sampler that has no batch size of its own."""

    def __init__(self, sampler: Sampler) -> None:
        self.sampler = sampler

    def __iter__(self) -> Iterator[list[int]]:
        yield from ([index] for index in self.sampler)

    def __len__(self) -> int:
        return len(self.sampler)


@pytest.mark.parametrize(
    'options, expected',
    [
        (dict(batch_size=3), 3),
        (dict(batch_sampler=BatchSampler(range(6), 2, False)), 2),
        (dict(batch_sampler=OwnSampler(range(6))), None),
    ],
)
def test_batch_size_of_a_loader(options: dict, expected: int | None) -> None:
    assert loader_batch_size(DataLoader(range(6), **options)) == expected
