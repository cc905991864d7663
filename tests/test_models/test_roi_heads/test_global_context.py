"""Guidance of regions by images."""

import numpy as np
import pytest
import torch

from mmvision_ext.models.roi_heads.global_context import (
    GlobalContext,
    Guidance,
)
from mmvision_ext.registry import MODELS

G, D, R, K, N = 6, 4, 5, 3, 2


@pytest.fixture
def context() -> GlobalContext:
    torch.manual_seed(0)
    module = MODELS.build(
        dict(
            type='mmvision_ext.GlobalContext',
            in_channels=G,
            embed_dims=D,
            region_channels=R,
            hidden_channels=8,
            loss_contrast=dict(type='mmvision_ext.ImageWordContrastLoss'),
        )
    )
    assert isinstance(module, GlobalContext)
    return module


def inputs() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    return (
        torch.randn(N, G, generator=generator),
        torch.randn(K, D, generator=generator),
    )


def unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_the_posterior_is_a_shifted_cosine(context: GlobalContext) -> None:
    overview, words = inputs()
    weight = context.projection.weight.detach().double().numpy()
    bias = context.projection.bias.detach().double().numpy()
    embedded = unit(overview.double().numpy() @ weight.T + bias)
    expected = 10 * embedded @ unit(words.double().numpy()).T - 2
    np.testing.assert_allclose(
        context.posterior(overview, words).detach(), expected, atol=1e-5
    )


def test_at_first_nothing_changes(context: GlobalContext) -> None:
    guidance = context(*inputs()).of_regions(torch.tensor([0, 1, 1]))
    features, logits = torch.randn(3, R), torch.randn(3, K + 1)
    assert torch.equal(guidance.condition(features), features)
    assert torch.equal(guidance.add_prior(logits), logits)


def test_regions_take_what_their_image_says() -> None:
    guidance = Guidance(
        scale=torch.tensor([[1.0], [0.0]]),
        shift=torch.tensor([[0.0], [5.0]]),
        prior=torch.tensor([[2.0, 0.0], [0.0, -3.0]]),
    ).of_regions(torch.tensor([1, 0]))
    features = torch.tensor([[1.0], [2.0]])
    assert guidance.condition(features).tolist() == [[6.0], [4.0]]
    assert guidance.add_prior(torch.ones(2, 3)).tolist() == [
        [1.0, -2.0, 1.0],
        [3.0, 1.0, 1.0],
    ]


def test_the_prior_is_the_bounded_log_odds(context: GlobalContext) -> None:
    overview, words = inputs()
    with torch.no_grad():
        context.prior_weight.fill_(0.5)
        context.bias.fill_(4.0)
    expected = 0.5 * context.posterior(overview, words).clamp(-6, 6)
    assert expected.max() == 3  # the bound is met
    torch.testing.assert_close(context(overview, words).prior, expected)


def test_regions_do_not_train_the_posterior_by_the_prior(
    context: GlobalContext,
) -> None:
    with torch.no_grad():
        context.prior_weight.fill_(0.5)
    context(*inputs()).prior.sum().backward()
    assert context.projection.weight.grad is None
    assert context.prior_weight.grad is not None


def test_losses_train_the_posterior(context: GlobalContext) -> None:
    overview, words = inputs()
    targets = torch.tensor([[1.0, 0.0, 1.0], [0.0, 0.0, 0.0]])
    optimizer = torch.optim.Adam(context.parameters(), 0.05)
    for _ in range(150):
        losses = context.loss(overview, words, targets)
        optimizer.zero_grad()
        sum(losses.values()).backward()  # type: ignore[union-attr]
        optimizer.step()
    assert sorted(losses) == ['loss_image', 'loss_image_contrast']
    posterior = context.posterior(overview, words)
    assert torch.equal(posterior > 0, targets > 0)


def test_an_aligned_tower_needs_no_projection() -> None:
    context = GlobalContext(D, D, R, project=False)
    overview = torch.randn(N, D)
    torch.testing.assert_close(
        context.embed(overview), torch.nn.functional.normalize(overview)
    )
