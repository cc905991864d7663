"""Layers change as told; names and weights of the others stay."""

import pytest
import torch
from mmengine.registry import MODELS, init_default_scope

from mmvision_ext.models.backbones.adapted_layers import adapt_layers
from mmvision_ext.utils import InputError

RESNET = dict(type='mmpretrain.ResNet', depth=18)


@pytest.mark.parametrize('scope', ['mmpretrain', 'mmdet'])
def test_strides_fall_and_pooling_goes(scope: str) -> None:
    init_default_scope(scope)
    config = dict(
        type='mmvision_ext.adapt_layers',
        backbone=RESNET,
        layers={
            'conv1': dict(kernel_size=3, stride=1, padding=1),
            'maxpool': None,
        },
    )
    model = MODELS.build(config)
    model.eval()  # which returns nothing in mmpretrain
    assert type(model).__name__ == 'ResNet'
    assert model.conv1.weight.shape == (64, 3, 3, 3)
    assert model.conv1.bias is None
    with torch.no_grad():
        [features] = model(torch.rand(1, 3, 32, 32))
    assert features.shape == (1, 512, 4, 4)


def test_weights_stay_where_the_kernel_keeps_its_size() -> None:
    torch.manual_seed(0)
    before = MODELS.build(RESNET).state_dict()
    torch.manual_seed(0)
    after = adapt_layers(RESNET, {'conv1': dict(stride=1)})
    assert after.conv1.stride == (1, 1) and after.conv1.padding == (3, 3)
    assert after.state_dict().keys() == before.keys()
    for name, value in after.state_dict().items():
        assert torch.equal(value, before[name]), name


def test_average_of_all_positions() -> None:
    model = adapt_layers(RESNET, {'maxpool': 'average'})
    images = torch.rand(2, 3, 32, 32)
    expected = model.conv1(images).mean((2, 3), keepdim=True)
    pooled = model.maxpool(model.conv1(images))
    torch.testing.assert_close(pooled, expected)


@pytest.mark.parametrize(
    ('layers', 'message'),
    [
        ({'conv_1': None}, "did you mean 'conv1'"),
        ({'': None}, 'name of a layer'),
        ({'maxpool': dict(stride=1)}, 'found MaxPool2d'),
        ({'conv1': dict(strides=1)}, 'kernel_size, stride, padding'),
        ({'conv1': 'none'}, "found 'none'"),
    ],
)
def test_what_does_not_fit_is_said(layers: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        adapt_layers(RESNET, layers)
