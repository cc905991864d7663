import numpy as np
import pytest
import torch
from mmengine.registry import MODELS
from timm.layers import EcaModule

from mmvision_ext.models.layers.eca import adaptive_kernel_size
from mmvision_ext.utils import InputError


def build(channels=16, **kwargs):
    return MODELS.build(
        dict(type='mmvision_ext.ECALayer', channels=channels, **kwargs)
    )


def reference(x, kernel):
    """The definition, channel by channel."""
    pooled = x.mean(axis=(2, 3))
    reach = len(kernel) // 2
    out = np.empty_like(x)
    for n, means in enumerate(pooled):
        padded = np.pad(means, reach)
        for c in range(len(means)):
            logit = sum(kernel[k] * padded[c + k] for k in range(len(kernel)))
            out[n, c] = x[n, c] / (1 + np.exp(-logit))
    return out


@pytest.mark.parametrize('kernel_size', [1, 3, 5, 7])
def test_equals_the_definition(kernel_size):
    torch.manual_seed(0)
    layer = build(16, kernel_size=kernel_size).double()
    x = torch.randn(3, 16, 5, 4, dtype=torch.float64)
    expected = reference(x.numpy(), layer.conv.weight[0, 0].detach().numpy())
    assert not np.allclose(expected, x / 2)  # the weights say something
    np.testing.assert_allclose(layer(x).detach(), expected)


@pytest.mark.parametrize('channels', [16, 64, 128, 512])
def test_equals_timm(channels):
    ours, theirs = build(channels), EcaModule(channels)
    theirs.conv.weight.data = ours.conv.weight.data
    assert ours.conv.weight.shape == (1, 1, ours.kernel_size)
    x = torch.randn(2, channels, 4, 4)
    torch.testing.assert_close(ours(x), theirs(x))


def test_adaptive_kernel_is_the_nearest_odd_number():
    sizes = {c: adaptive_kernel_size(c) for c in (1, 8, 16, 32, 64, 100)}
    assert sizes == {1: 1, 8: 3, 16: 3, 32: 3, 64: 3, 100: 3}
    sizes = {c: adaptive_kernel_size(c) for c in (128, 256, 512, 1024, 2048)}
    assert sizes == {128: 5, 256: 5, 512: 5, 1024: 5, 2048: 7}
    for channels in range(2, 3000):
        target = (np.log2(channels) + 1) / 2
        found = adaptive_kernel_size(channels)
        assert found % 2 == 1 and abs(found - target) <= 1


def test_parameters_are_one_kernel():
    assert sum(p.numel() for p in build(64).parameters()) == 3
    assert sum(p.numel() for p in build(64, kernel_size=9).parameters()) == 9


def test_keeps_channels_last_and_passes_gradients():
    layer = build(16)
    x = torch.randn(2, 16, 4, 4).to(memory_format=torch.channels_last)
    x.requires_grad_()
    out = layer(x)
    assert out.is_contiguous(memory_format=torch.channels_last)
    out.square().sum().backward()
    assert layer.conv.weight.grad.abs().min() > 0
    assert x.grad.abs().min() > 0


@pytest.mark.parametrize('kernel_size', [0, 2, -1, 3.0, '3'])
def test_wrong_kernel_is_an_error(kernel_size):
    with pytest.raises(InputError, match='ECALayer: kernel_size.*odd'):
        build(16, kernel_size=kernel_size)


def test_wrong_channels_are_an_error():
    with pytest.raises(InputError, match='channels of at least 1, found 0'):
        build(0)
