"""Sigmoid focal loss against a brute-force float64 reference."""

import math
from types import ModuleType

import pytest
import torch
from mmcv.ops import sigmoid_focal_loss
from torch import Tensor

from mmvision_ext.ops import COMPILED, ops_kind
from mmvision_ext.ops.focal_loss import (
    sigmoid_focal_loss_backward,
    sigmoid_focal_loss_forward,
)

CLASSES = 4
PARAMETERS = [(2.0, 0.25), (0.0, 0.5), (0.5, 0.9), (3.0, 0.25)]

# mmcv has compiled code for this operator on CUDA alone.
not_on_cpu = pytest.mark.skipif(
    ops_kind() == COMPILED, reason='compiled mmcv has no focal loss on CPU'
)


def reference(
    logits: Tensor,
    target: Tensor,
    weight: Tensor,
    gamma: float,
    alpha: float,
) -> Tensor:
    """Loss of each logit (N, C), by the definition of the paper."""
    loss = torch.zeros(logits.shape, dtype=torch.float64)
    for n, c in torch.cartesian_prod(*map(torch.arange, logits.shape)):
        p = 1 / (1 + math.exp(-logits[n, c].item()))
        if target[n] == c:
            value = -alpha * (1 - p) ** gamma * math.log(p)
        else:
            value = -(1 - alpha) * p**gamma * math.log(1 - p)
        if weight.numel() and 0 <= target[n] < CLASSES:
            value *= weight[target[n]].item()
        loss[n, c] = value
    return loss


@pytest.fixture
def logits(generator: torch.Generator) -> Tensor:
    """(7, 4) logits between about -6 and 6, float64."""
    return torch.randn(7, CLASSES, generator=generator).double() * 2


@pytest.fixture
def target() -> Tensor:
    """(7,) classes; CLASSES is background."""
    return torch.tensor([0, 1, 2, 3, CLASSES, CLASSES, 1])


@pytest.fixture(params=['weighted', 'unweighted'])
def weight(request: pytest.FixtureRequest) -> Tensor:
    """(4,) class weights, or (0,) for none, float64."""
    if request.param == 'unweighted':
        return torch.empty(0, dtype=torch.float64)
    return torch.tensor([0.5, 2.0, 1.5, 3.0], dtype=torch.float64)


@pytest.mark.parametrize(('gamma', 'alpha'), PARAMETERS)
@pytest.mark.parametrize(
    ('dtype', 'tolerance'), [(torch.float64, 1e-12), (torch.float32, 1e-5)]
)
def test_equals_the_reference(
    logits: Tensor,
    target: Tensor,
    weight: Tensor,
    gamma: float,
    alpha: float,
    dtype: torch.dtype,
    tolerance: float,
) -> None:
    output = torch.zeros(logits.shape, dtype=dtype)
    sigmoid_focal_loss_forward(
        logits.to(dtype), target, weight.to(dtype), output, gamma, alpha
    )
    torch.testing.assert_close(
        output.double(),
        reference(logits, target, weight, gamma, alpha),
        rtol=0,
        atol=tolerance,
    )


@not_on_cpu
@pytest.mark.parametrize(('gamma', 'alpha'), PARAMETERS)
@pytest.mark.parametrize('reduction', ['none', 'mean', 'sum'])
def test_gradients_through_mmcv(
    logits: Tensor,
    target: Tensor,
    weight: Tensor,
    gamma: float,
    alpha: float,
    reduction: str,
) -> None:
    weights = weight if weight.numel() else None

    def loss(values: Tensor) -> Tensor:
        each = sigmoid_focal_loss(
            values, target, gamma, alpha, weights, 'none'
        )
        if reduction == 'none':
            return each.sum()
        return sigmoid_focal_loss(
            values, target, gamma, alpha, weights, reduction
        )

    assert torch.autograd.gradcheck(loss, (logits.clone().requires_grad_(),))


@not_on_cpu
def test_mmcv_mean_is_per_row(logits: Tensor, target: Tensor) -> None:
    each = reference(logits, target, logits.new_empty(0), 2.0, 0.25)
    mean = sigmoid_focal_loss(logits, target, 2.0, 0.25, None, 'mean')
    assert mean.item() == pytest.approx(each.sum().item() / len(logits))


def test_background_rows_are_all_negative(weight: Tensor) -> None:
    output = torch.zeros(2, CLASSES, dtype=torch.float64)
    target = torch.tensor([CLASSES, -2])
    sigmoid_focal_loss_forward(
        torch.zeros_like(output), target, weight, output, 2.0, 0.25
    )
    expected = 0.75 * 0.25 * math.log(2)
    torch.testing.assert_close(output, torch.full_like(output, expected))


def test_no_rows(weight: Tensor) -> None:
    output = torch.zeros(0, CLASSES, dtype=torch.float64)
    target = torch.empty(0, dtype=torch.long)
    sigmoid_focal_loss_forward(output, target, weight, output, 2.0, 0.25)
    sigmoid_focal_loss_backward(output, target, weight, output, 2.0, 0.25)


@pytest.mark.parametrize('gamma', [0.0, 0.5, 2.0])
@pytest.mark.parametrize(
    'dtype', [torch.float16, torch.bfloat16, torch.float32]
)
def test_extreme_logits_stay_finite(gamma: float, dtype: torch.dtype) -> None:
    logits = torch.tensor([[-200.0, 200.0], [200.0, -200.0]], dtype=dtype)
    target = torch.tensor([0, 0])
    none = logits.new_empty(0)
    loss, gradient = torch.zeros_like(logits), torch.zeros_like(logits)
    sigmoid_focal_loss_forward(logits, target, none, loss, gamma, 0.25)
    sigmoid_focal_loss_backward(logits, target, none, gradient, gamma, 0.25)
    expected = torch.tensor([[50.0, 150.0], [0.0, 0.0]], dtype=dtype)
    slope = torch.tensor([[-0.25, 0.75], [0.0, 0.0]], dtype=dtype)
    torch.testing.assert_close(loss, expected)
    torch.testing.assert_close(gradient, slope)


def test_equals_the_compiled_operator(
    logits: Tensor, target: Tensor, compiled: ModuleType
) -> None:
    if not torch.cuda.is_available():
        pytest.skip('mmcv compiles the focal loss for CUDA only; no GPU here')
    from mmcv.ops import get_compiling_cuda_version

    if get_compiling_cuda_version() == 'not available':
        pytest.skip('mmcv is compiled without CUDA')
    logits, target = logits.cuda(), target.cuda()
    none = logits.new_empty(0)
    for ours, theirs in (
        (sigmoid_focal_loss_forward, compiled.sigmoid_focal_loss_forward),
        (sigmoid_focal_loss_backward, compiled.sigmoid_focal_loss_backward),
    ):
        results = [torch.zeros_like(logits) for _ in range(2)]
        for function, result in zip((ours, theirs), results, strict=True):
            function(logits, target, none, result, gamma=2.0, alpha=0.25)
        torch.testing.assert_close(*results)
