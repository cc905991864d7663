"""The network of the speed recipe."""

import pytest
import torch
from mmengine.registry import MODELS

from mmvision_ext.models import ResNet9
from mmvision_ext.utils import InputError


def test_size_of_the_published_network() -> None:
    backbone = ResNet9()
    params = sum(value.numel() for value in backbone.parameters())
    # Convolutions without bias, two numbers a channel of BatchNorm.
    pairs = [(3, 64), (64, 128), (128, 128), (128, 128), (128, 256)]
    pairs += [(256, 512), (512, 512), (512, 512)]
    assert params == sum(9 * a * b + 2 * b for a, b in pairs)
    assert params + 512 * 100 + 100 == 6_619_300


def test_maps_of_all_stages() -> None:
    backbone = MODELS.build(
        dict(
            type='mmvision_ext.ResNet9',
            base_channels=4,
            out_indices=(0, 1, 2, 3),
        )
    )
    backbone.init_weights()
    maps = backbone(torch.rand(2, 3, 32, 32))
    assert [tuple(item.shape[1:]) for item in maps] == [
        (4, 32, 32),
        (8, 16, 16),
        (16, 8, 8),
        (32, 4, 4),
    ]
    maps[-1].sum().backward()
    assert all(value.grad is not None for value in backbone.parameters())


def test_a_stage_that_does_not_exist() -> None:
    with pytest.raises(InputError, match='expected 0 to 3, found 4'):
        ResNet9(out_indices=(4,))
