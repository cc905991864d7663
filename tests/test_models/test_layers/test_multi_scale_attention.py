import torch
from torch.nn import functional as F

from mmvision_ext.models.layers.multi_scale_attention import (
    MultiScaleAttention,
)


def strip(x, weight, bias, dim):
    """One-dimensional depthwise correlation along a dimension of a map."""
    reach = weight.shape[1] // 2
    padded = F.pad(x.transpose(dim, 3), (reach, reach))
    size = x.shape[dim]
    total = sum(
        weight[None, :, None, None, tap] * padded[..., tap : tap + size]
        for tap in range(weight.shape[1])
    )
    return (total + bias[None, :, None, None]).transpose(dim, 3)


def reference(x, state):
    """Equations 1 and 2 of SegNeXt, tap by tap."""
    taps = F.pad(x, (2, 2, 2, 2)).unfold(2, 5, 1).unfold(3, 5, 1)
    local = torch.einsum('nchwij,cij->nchw', taps, state['conv0.weight'][:, 0])
    local = local + state['conv0.bias'][None, :, None, None]
    total = local
    for index, size in enumerate((7, 11, 21)):
        row = state[f'conv{index}_1.weight'].reshape(-1, size)
        column = state[f'conv{index}_2.weight'].reshape(-1, size)
        along = strip(local, row, state[f'conv{index}_1.bias'], 3)
        total = total + strip(along, column, state[f'conv{index}_2.bias'], 2)
    mixed = torch.einsum(
        'nchw,oc->nohw', total, state['conv3.weight'][..., 0, 0]
    )
    return (mixed + state['conv3.bias'][None, :, None, None]) * x


def test_equals_the_formula():
    torch.manual_seed(0)
    layer = MultiScaleAttention(6).double()
    x = torch.randn(2, 6, 13, 24, dtype=torch.float64)
    torch.testing.assert_close(layer(x), reference(x, layer.state_dict()))


def test_strips_lie_across_each_other():
    """An impulse at one end of a row is seen along the row, then across."""
    layer = MultiScaleAttention(1)
    shapes = {
        name: tuple(value.shape[2:])
        for name, value in layer.named_parameters()
        if name.endswith('weight')
    }
    assert shapes['conv2_1.weight'] == (1, 21)
    assert shapes['conv2_2.weight'] == (21, 1)
    channels = 64
    count = sum(p.numel() for p in MultiScaleAttention(channels).parameters())
    taps = 25 + 2 * (7 + 11 + 21)
    assert count == channels * (taps + 7 + channels + 1)


def test_takes_a_map_smaller_than_its_kernels():
    assert MultiScaleAttention(4)(torch.rand(1, 4, 1, 2)).shape == (1, 4, 1, 2)
