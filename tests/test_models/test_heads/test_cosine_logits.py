"""Scaled cosines."""

import math

import numpy as np
import pytest
import torch

from mmvision_ext.models.heads.cosine_logits import CosineLogits
from mmvision_ext.utils import InputError


def test_values_are_those_of_float64() -> None:
    generator = torch.Generator().manual_seed(0)
    features = torch.randn(5, 8, generator=generator) * 3
    words = torch.randn(4, 8, generator=generator)
    a, b = features.double().numpy(), words.double().numpy()
    a /= np.linalg.norm(a, axis=1, keepdims=True)
    b /= np.linalg.norm(b, axis=1, keepdims=True)
    found = CosineLogits(0.05)(features, words)
    np.testing.assert_allclose(found.detach(), a @ b.T / 0.05, atol=1e-5)


def test_the_scale_is_learned_and_clamped() -> None:
    logits = CosineLogits(0.01)
    assert logits.scale.item() == pytest.approx(100, rel=1e-5)
    with torch.no_grad():
        logits.log_scale.fill_(math.log(1000))
    assert logits.scale.item() == pytest.approx(100, rel=1e-5)
    logits = CosineLogits(0.1)
    logits(torch.randn(2, 3), torch.randn(2, 3)).sum().backward()
    assert logits.log_scale.grad is not None


def test_autocast_does_not_round_cosines() -> None:
    logits, features = CosineLogits(0.01), torch.randn(4, 64)
    words = torch.randn(3, 64)
    with torch.autocast('cpu', torch.bfloat16):
        found = logits(features.bfloat16(), words)
    assert found.dtype == torch.float32
    expected = logits(features.bfloat16().float(), words)
    torch.testing.assert_close(found, expected)


def test_a_zero_feature_is_like_nothing() -> None:
    found = CosineLogits()(torch.zeros(1, 4), torch.randn(2, 4))
    assert torch.equal(found, torch.zeros(1, 2))


def test_a_temperature_beyond_the_clamp_is_refused() -> None:
    with pytest.raises(InputError, match='at least 0.01, found 0.001'):
        CosineLogits(0.001)


def test_a_scale_at_its_limit_can_come_down() -> None:
    """Clamping the value alone would leave the parameter without gradient."""
    logits = CosineLogits(0.01)
    with torch.no_grad():
        logits.log_scale += 0.1  # an optimizer's step upwards
    features, words = torch.eye(2), torch.eye(2).flip(0)
    loss = logits(features, words).square().sum()  # wants a smaller scale
    loss.backward()
    assert logits.log_scale.grad.item() > 0
    assert logits.log_scale.item() == pytest.approx(math.log(100))
