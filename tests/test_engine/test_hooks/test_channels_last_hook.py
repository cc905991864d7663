"""The layout of weights changes, what they compute does not."""

from copy import deepcopy
from types import SimpleNamespace

import torch
from torch import nn

from mmvision_ext.engine.hooks import ChannelsLastHook


def test_weights_and_feature_maps_are_channels_last() -> None:
    model = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1),
        nn.BatchNorm2d(8),
        nn.Conv2d(8, 8, 3, groups=8),
    ).eval()
    plain = deepcopy(model)

    ChannelsLastHook().before_run(SimpleNamespace(model=model))

    images = torch.rand(2, 3, 9, 7)
    features = model(images)
    for tensor in (model[0].weight, features):
        assert tensor.is_contiguous(memory_format=torch.channels_last)
        assert not tensor.is_contiguous()
    torch.testing.assert_close(features, plain(images))
    for name, value in model.state_dict().items():
        assert torch.equal(value, plain.state_dict()[name])
