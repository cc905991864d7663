"""Alignment losses against explicit sums in float64."""

import math

import pytest
import torch
from mmengine.registry import MODELS

from mmvision_ext.utils import InputError


def build(name, **options):
    return MODELS.build(dict(type=f'mmvision_ext.{name}', **options))


@pytest.fixture
def pairs():
    generator = torch.Generator().manual_seed(0)
    return torch.randn(2, 5, 8, generator=generator)


def cosine(first, second):
    dot = sum(a * b for a, b in zip(first, second, strict=True))
    return dot / math.hypot(*first) / math.hypot(*second)


def test_cosine(pairs):
    first, second = pairs
    rows = zip(first.tolist(), second.tolist(), strict=True)
    distances = [1 - cosine(a, b) for a, b in rows]
    loss = build('CosineAlignmentLoss', loss_weight=2.0)(*pairs, None)
    assert loss.item() == pytest.approx(2 * sum(distances) / 5, rel=1e-5)
    assert build('CosineAlignmentLoss')(first, 3 * first, None).item() < 1e-6


@pytest.mark.parametrize('groups', [[0, 1, 2, 3, 4], [0, 1, 0, 0, 2]])
def test_contrastive(pairs, groups):
    first, second = (rows.tolist() for rows in pairs)
    temperature = 0.2
    score = [[cosine(a, b) / temperature for b in second] for a in first]
    total = 0.0
    for i in range(5):
        partners = [j for j in range(5) if groups[j] == groups[i]]
        forth = math.log(sum(math.exp(value) for value in score[i]))
        back = math.log(sum(math.exp(score[k][i]) for k in range(5)))
        for j in partners:
            total += (forth - score[i][j] + back - score[j][i]) / len(partners)
    labels = torch.tensor(groups)
    same = labels[:, None] == labels
    loss = build(
        'ContrastiveAlignmentLoss', temperature=temperature, loss_weight=1.0
    )
    assert loss(*pairs, same).item() == pytest.approx(total / 10, rel=1e-5)


@pytest.mark.parametrize(
    'name', ['CosineAlignmentLoss', 'ContrastiveAlignmentLoss']
)
def test_no_rows_give_zero_with_a_gradient(name):
    first = torch.zeros(0, 8, requires_grad=True)
    loss = build(name)(first, torch.zeros(0, 8), torch.zeros(0, 0).bool())
    loss.backward()
    assert loss.item() == 0 and first.grad.shape == (0, 8)


def test_temperature_out_of_range():
    with pytest.raises(InputError, match='temperature above 0'):
        build('ContrastiveAlignmentLoss', temperature=0.0)


def test_autocast_changes_nothing(pairs):
    first, second = pairs
    same = torch.eye(5, dtype=torch.bool)
    loss = build('ContrastiveAlignmentLoss')
    expected = loss(first, second, same)
    with torch.autocast('cpu', torch.bfloat16):
        assert torch.equal(loss(first, second, same), expected)
