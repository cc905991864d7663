import pytest
import torch
from torch import nn

from mmvision_ext.models.layers.fan_out_init import init_convolutions


@pytest.mark.parametrize(
    ('layer', 'fan_out'),
    [
        (nn.Conv2d(64, 256, 1), 256),
        (nn.Conv2d(32, 64, 3), 9 * 64),
        (nn.Conv2d(2048, 2048, 3, groups=2048), 9),
        (nn.Conv2d(1024, 1024, (1, 21), groups=1024), 21),
        (nn.Conv2d(256, 128, 5, groups=4), 25 * 32),
    ],
)
def test_spread_of_the_weights(layer, fan_out):
    torch.manual_seed(0)
    init_convolutions(nn.Sequential(nn.Sequential(layer), nn.Linear(2, 2)))
    assert layer.weight.mean().item() == pytest.approx(
        0, abs=0.05 * (2 / fan_out) ** 0.5
    )
    assert layer.weight.std().item() == pytest.approx(
        (2 / fan_out) ** 0.5, rel=0.05
    )
    assert not layer.bias.any()


def test_convolution_without_bias():
    init_convolutions(nn.Conv2d(2, 2, 1, bias=False))


def test_other_layers_keep_their_weights():
    linear = nn.Linear(3, 3)
    before = linear.weight.clone()
    init_convolutions(linear)
    assert torch.equal(linear.weight, before)
