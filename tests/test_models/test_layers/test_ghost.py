import math

import pytest
import torch
from mmengine.registry import MODELS
from timm.models.ghostnet import GhostModule as TimmGhostModule
from torch.nn import functional as F

from mmvision_ext.utils import InputError


def build(in_channels=6, out_channels=8, **kwargs):
    return MODELS.build(
        dict(
            type='mmvision_ext.GhostModule',
            in_channels=in_channels,
            out_channels=out_channels,
            **kwargs,
        )
    )


@pytest.mark.parametrize(
    ('ratio', 'out_channels', 'stride', 'kernel_size', 'cheap'),
    [(2, 8, 1, 3, 3), (3, 8, 2, 3, 5), (4, 8, 1, 1, 3), (8, 8, 2, 5, 1)],
)
def test_equals_the_definition(
    ratio, out_channels, stride, kernel_size, cheap
):
    """Each ghost is one filter applied to one intrinsic map."""
    torch.manual_seed(0)
    module = build(
        6,
        out_channels,
        kernel_size=kernel_size,
        stride=stride,
        ratio=ratio,
        cheap_kernel_size=cheap,
    )
    module = module.double().eval()
    x = torch.randn(2, 6, 9, 7, dtype=torch.float64)
    scale = 1 / math.sqrt(1 + module.primary.norm.eps)  # statistics 0 and 1
    maps = [
        scale
        * F.conv2d(x, weight[None], stride=stride, padding=kernel_size // 2)
        for weight in module.primary.conv.weight
    ]
    assert len(maps) == math.ceil(out_channels / ratio)
    filters = iter(module.cheap.conv.weight)
    ghosts = [
        scale * F.conv2d(intrinsic, next(filters)[None], padding=cheap // 2)
        for intrinsic in maps
        for _ in range(ratio - 1)
    ]
    expected = torch.cat(maps + ghosts, dim=1)[:, :out_channels]
    found = module(x)
    assert found.shape == (
        2,
        out_channels,
        math.ceil(9 / stride),
        math.ceil(7 / stride),
    )
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize('ratio', [2, 3, 4])
@pytest.mark.parametrize('train', [True, False])
def test_equals_timm(ratio, train):
    torch.manual_seed(0)
    ours = build(6, 8, kernel_size=3, ratio=ratio, act_cfg=dict(type='ReLU'))
    theirs = TimmGhostModule(6, 8, kernel_size=3, ratio=ratio)
    states = zip(theirs.state_dict(), ours.state_dict().values(), strict=True)
    theirs.load_state_dict(dict(states))
    x = torch.randn(4, 6, 5, 5)
    torch.testing.assert_close(ours.train(train)(x), theirs.train(train)(x))


@pytest.mark.parametrize(
    ('ratio', 'expected'),
    [
        # intrinsic * (16 * 9 + (ratio - 1) * 9) weights, 2 for each norm
        (2, 16 * (144 + 9) + 2 * 32),
        (3, 11 * (144 + 18) + 2 * 33),
        (4, 8 * (144 + 27) + 2 * 32),
        (32, 1 * (144 + 279) + 2 * 32),
    ],
)
def test_number_of_parameters(ratio, expected):
    module = build(16, 32, kernel_size=3, ratio=ratio)
    assert sum(p.numel() for p in module.parameters()) == expected


def test_activation_follows_both_parts_only_where_asked():
    x = torch.randn(2, 6, 5, 5)
    assert (build()(x) < 0).any(dim=(0, 2, 3)).all()
    rectified = build(act_cfg=dict(type='ReLU'))(x)
    assert (rectified >= 0).all()
    assert (rectified == 0).any(dim=(0, 2, 3)).all()


def test_normalisation_is_configurable():
    module = build(norm_cfg=dict(type='GN', num_groups=2))
    assert type(module.primary.norm) is type(module.cheap.norm)
    assert isinstance(module.cheap.norm, torch.nn.GroupNorm)


def test_every_parameter_has_a_gradient():
    module = build(kernel_size=3, ratio=4)
    module(torch.randn(2, 6, 5, 5)).square().mul(
        torch.rand(2, 8, 5, 5)
    ).sum().backward()
    assert all(p.grad.abs().sum() > 0 for p in module.parameters())


@pytest.mark.parametrize('ratio', [1, 0, 9, 2.0])
def test_wrong_ratio_is_an_error(ratio):
    with pytest.raises(InputError, match='ratio from 2 to out_channels, 8'):
        build(6, 8, ratio=ratio)


@pytest.mark.parametrize('key', ['kernel_size', 'cheap_kernel_size'])
@pytest.mark.parametrize('value', [0, 2, -3, 1.0])
def test_wrong_kernel_is_an_error(key, value):
    with pytest.raises(InputError, match=f'GhostModule: {key}: .*odd'):
        build(**{key: value})
