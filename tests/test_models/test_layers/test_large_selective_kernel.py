import pytest
import torch
from torch import nn
from torch.nn import functional as F

from mmvision_ext.models.layers.large_selective_kernel import (
    LargeSelectiveKernel,
)
from mmvision_ext.utils import InputError


def windows(x, size, dilation):
    """Values under a kernel at each position, (N, C, H, W, size * size)."""
    n, channels, height, width = x.shape
    columns = F.unfold(
        x, size, dilation=dilation, padding=dilation * (size // 2)
    )
    columns = columns.reshape(n, channels, size * size, height, width)
    return columns.permute(0, 1, 3, 4, 2)


def reference(x, state):
    """The selection of LSKNet, from matrix products."""

    def bias(name):
        return state[f'{name}.bias'][None, :, None, None]

    def depthwise(value, name, size, dilation):
        kernel = state[f'{name}.weight'].reshape(-1, size * size)
        return torch.einsum(
            'nchwk,ck->nchw', windows(value, size, dilation), kernel
        ) + bias(name)

    def pointwise(value, name):
        kernel = state[f'{name}.weight'][..., 0, 0]
        return torch.einsum('nchw,oc->nohw', value, kernel) + bias(name)

    near = depthwise(x, 'conv0', 5, 1)
    far = depthwise(near, 'conv_spatial', 7, 3)
    options = torch.stack([pointwise(near, 'conv1'), pointwise(far, 'conv2')])
    channels_last = torch.cat(list(options), 1)
    pooled = torch.stack(
        [channels_last.mean(1), channels_last.max(1).values], 1
    )
    kernel = state['conv_squeeze.weight'].reshape(2, 2, 49)
    squeezed = torch.einsum('nchwk,ock->nohw', windows(pooled, 7, 1), kernel)
    weights = 1 / (1 + torch.exp(-(squeezed + bias('conv_squeeze'))))
    mixed = (options * weights.transpose(0, 1)[:, :, None]).sum(0)
    return pointwise(mixed, 'conv') * x


def test_equals_the_formula():
    torch.manual_seed(0)
    layer = LargeSelectiveKernel(6).double()
    x = torch.randn(2, 6, 20, 9, dtype=torch.float64)
    torch.testing.assert_close(layer(x), reference(x, layer.state_dict()))


def test_sees_23_pixels():
    """Reach of a map without the pooled weights: 11 px to each side."""
    torch.manual_seed(0)
    layer = LargeSelectiveKernel(4)
    nn.init.zeros_(layer.conv_squeeze.weight)
    x = torch.rand(1, 4, 31, 31, requires_grad=True)
    layer(x)[0, :, 15, 15].sum().backward()
    rows = x.grad.abs().sum((0, 1, 3)).nonzero().flatten().tolist()
    assert rows == list(range(15 - 11, 15 + 12))


def test_odd_channels_are_refused():
    with pytest.raises(InputError, match='even number of channels, found 5'):
        LargeSelectiveKernel(5)
