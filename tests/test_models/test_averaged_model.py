"""Moving averages of all tensors at once, against mmengine's."""

from typing import Any

import pytest
import torch
from mmengine.model import ExponentialMovingAverage, MomentumAnnealingEMA
from mmengine.registry import MODELS
from torch import nn

from mmvision_ext.models import ForeachExponentialMovingAverage
from mmvision_ext.utils import InputError


@pytest.mark.parametrize('update_buffers', [False, True])
@pytest.mark.parametrize(
    'reference, options',
    [
        (ExponentialMovingAverage, dict(momentum=0.3)),
        (ExponentialMovingAverage, dict(momentum=0.3, interval=2)),
        (MomentumAnnealingEMA, dict(momentum=0.1, gamma=2)),
    ],
)
def test_equals_mmengine(
    reference: Any, options: dict[str, Any], update_buffers: bool
) -> None:
    torch.manual_seed(0)
    model = _model()
    options = dict(options, update_buffers=update_buffers)
    expected = reference(model, **options)
    found = MODELS.build(
        dict(type='mmvision_ext.ForeachExponentialMovingAverage', **options),
        default_args=dict(model=model),
    )
    states = []
    for _ in range(6):
        _change(model)
        expected.update_parameters(model)
        found.update_parameters(model)
        states.append(found.state_dict()['module.0.weight'].clone())
        assert list(found.state_dict()) == list(expected.state_dict())
        for name, value in expected.state_dict().items():
            torch.testing.assert_close(
                found.state_dict()[name], value, rtol=0, atol=0
            )
    assert not torch.equal(states[-1], states[-3])
    assert not torch.equal(states[-1], model[0].weight)


def test_it_is_resumed_from_a_checkpoint_of_mmengine() -> None:
    model = _model()
    expected = ExponentialMovingAverage(model, 0.3)
    expected.update_parameters(model)
    found = ForeachExponentialMovingAverage(model, 0.3)
    found.load_state_dict(expected.state_dict())
    _change(model)
    expected.update_parameters(model)
    found.update_parameters(model)
    assert int(found.steps) == 2
    assert torch.equal(found.module[0].weight, expected.module[0].weight)


def test_a_model_without_buffers() -> None:
    model = nn.Linear(2, 2)
    average = ForeachExponentialMovingAverage(model, 0.3)
    average.update_parameters(model)
    assert torch.equal(average.module.weight, model.weight)


def test_wrong_gamma() -> None:
    with pytest.raises(InputError, match='more than 0, found 0'):
        ForeachExponentialMovingAverage(nn.Linear(2, 2), gamma=0)


def _model() -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU())


def _change(model: nn.Module) -> None:
    """Other weights, other statistics, and one more batch counted."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter))
    model(torch.randn(2, 3, 5, 5))
