"""Gradients of any size and kind are told from those that are not finite."""

from pathlib import Path

import pytest
import torch
from torch import nn

from mmvision_ext.engine.hooks import NonFiniteHook
from mmvision_ext.engine.non_finite.guard import gradients_are_finite
from mmvision_ext.testing.tiny_training import TinyLine, tiny_runner


def _parameter(gradient: torch.Tensor) -> nn.Parameter:
    parameter = nn.Parameter(torch.zeros(gradient.shape, dtype=gradient.dtype))
    parameter.grad = gradient
    return parameter


@pytest.mark.parametrize(
    ('largest', 'dtype'),
    [
        (3e38, torch.float32),
        (65504.0, torch.float16),
        (3e38, torch.bfloat16),
        (1e308, torch.float64),
    ],
)
@pytest.mark.parametrize('wrong', [None, torch.nan, torch.inf, -torch.inf])
def test_large_gradients(
    largest: float, dtype: torch.dtype, wrong: float | None
) -> None:
    gradients = [torch.full((3, 5), largest, dtype=dtype) for _ in range(3)]
    if wrong is not None:
        gradients[1][2, 4] = wrong
    verdict = gradients_are_finite(map(_parameter, gradients))
    assert verdict is not None and bool(verdict) is (wrong is None)


@pytest.mark.parametrize('wrong', [1.0, torch.nan, torch.inf])
def test_kinds_of_gradients(wrong: float) -> None:
    """Sparse, empty, of two types, and none."""
    sparse = torch.tensor([[0.0, wrong], [2.0, 0.0]]).to_sparse()
    parameters = [
        _parameter(sparse),
        _parameter(torch.zeros(0)),
        _parameter(torch.ones(2, dtype=torch.float16)),
        nn.Parameter(torch.ones(2)),
    ]
    verdict = gradients_are_finite(parameters)
    assert verdict is not None and bool(verdict) is (wrong == 1)
    assert gradients_are_finite(parameters[3:]) is None


class _SteepLine(TinyLine):
    """Its gradients are finite, their Euclidean norm is not."""

    def forward(self, inputs: torch.Tensor, mode: str = 'tensor'):
        output = super().forward(inputs, mode)
        if mode == 'loss':
            assert isinstance(output, dict)
            return dict(loss=output['loss'] * 1e25)
        return output


def test_a_sound_training_goes_on(tmp_path: Path) -> None:
    runner = tiny_runner(
        tmp_path,
        1,
        model=_SteepLine(2),
        custom_hooks=[NonFiniteHook()],
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=1e-27)),
    )
    runner.train()
    assert runner.iter == 2
    assert not (tmp_path / 'non_finite').exists()
