"""The smallest weights become zero, and training does not revive them."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from mmvision_ext.deployment.magnitude import KeepZerosHook, prune_weights
from mmvision_ext.utils import InputError


@pytest.fixture
def model() -> nn.Module:
    """A convolution and a linear layer around normalisation."""
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3),  # of 4 x 4 pixels: 2 x 2 are left
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(8 * 4, 5),
    )


def test_the_smallest_of_all_layers_go(model: nn.Module) -> None:
    weights = {
        name: model.get_parameter(name).detach().clone()
        for name in ('0.weight', '4.weight')
    }
    every = np.abs(
        np.concatenate([value.flatten().numpy() for value in weights.values()])
    )
    threshold = np.sort(every)[round(0.6 * len(every)) - 1]
    names = list(model.state_dict())
    zeros = prune_weights(model, 0.6)
    assert list(model.state_dict()) == names  # no masks beside the weights
    assert set(zeros) == set(weights)
    for name, before in weights.items():
        gone = before.abs() <= threshold
        assert torch.equal(zeros[name], gone)
        after = model.get_parameter(name)
        assert isinstance(after, nn.Parameter)
        assert torch.equal(after, before.masked_fill(gone, 0))


def test_zeros_survive_momentum_and_decay(model: nn.Module) -> None:
    zeros = prune_weights(model, 0.5)
    runner = SimpleNamespace(model=model)
    hook = KeepZerosHook(zeros)
    hook.before_train(runner)
    optimizer = torch.optim.SGD(
        model.parameters(), 0.1, momentum=0.9, weight_decay=0.1
    )
    others = model.get_parameter('4.weight').detach().clone()
    for _ in range(3):
        optimizer.zero_grad()
        model(torch.randn(4, 3, 4, 4)).square().sum().backward()
        optimizer.step()
        hook.after_train_iter(runner, 0)
        for name, zero in zeros.items():
            assert model.get_parameter(name)[zero].count_nonzero() == 0
    kept = ~zeros['4.weight']
    assert (model.get_parameter('4.weight') != others)[kept].all()


@pytest.mark.parametrize('ratio', [0, 1])
def test_ratios_that_cannot_be(model: nn.Module, ratio: float) -> None:
    with pytest.raises(InputError, match='between 0 and 1'):
        prune_weights(model, ratio)
