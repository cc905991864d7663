"""Losses of attributes against their formulas, entry by entry in float64."""

import math

import pytest
import torch
from mmengine.registry import MODELS

from mmvision_ext.models.losses.class_balanced import class_balanced_weights
from mmvision_ext.models.losses.positive_reweighted import positive_weights
from mmvision_ext.utils import InputError

LOSSES = (
    'AttributeBCELoss',
    'AttributeFocalLoss',
    'AttributeAsymmetricLoss',
    'ClassBalancedBCELoss',
    'PositiveReweightedBCELoss',
)
POSITIVES = torch.tensor([0, 1, 9, 90])
NEGATIVES = torch.tensor([100, 99, 91, 10])


def build(name, **options):
    loss = MODELS.build(dict(type=f'mmvision_ext.{name}', **options))
    if hasattr(loss, 'set_counts'):
        loss.set_counts(POSITIVES, NEGATIVES)
    return loss


@pytest.fixture
def batch():
    """Logits (6, 4), targets and a mask with both labels masked."""
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(6, 4, generator=generator) * 3
    targets = torch.randint(0, 2, (6, 4), generator=generator).float()
    mask = torch.rand(6, 4, generator=generator) < 0.7
    return logits, targets, mask


def reference(logits, targets, mask, term):
    """Mean of ``term(probability, label, attribute)`` over known entries."""
    values = []
    for row, labels, known in zip(
        logits.tolist(), targets.tolist(), mask.tolist(), strict=True
    ):
        for attribute, logit in enumerate(row):
            if known[attribute]:
                probability = 1 / (1 + math.exp(-logit))
                values.append(term(probability, labels[attribute], attribute))
    return sum(values) / len(values)


def bce(p, y, positive=1.0, negative=1.0):
    return -positive * math.log(p) if y else -negative * math.log(1 - p)


def check(loss, batch, term):
    expected = reference(*batch, term)
    assert loss(*batch).item() == pytest.approx(expected, rel=1e-5)


def test_bce(batch):
    check(build('AttributeBCELoss'), batch, lambda p, y, _: bce(p, y))


@pytest.mark.parametrize(('gamma', 'alpha'), [(2.0, 0.25), (0.5, 0.6)])
def test_focal(batch, gamma, alpha):
    def term(p, y, _):
        right = p if y else 1 - p
        weight = alpha if y else 1 - alpha
        return -weight * (1 - right) ** gamma * math.log(right)

    loss = build('AttributeFocalLoss', gamma=gamma, alpha=alpha)
    check(loss, batch, term)


@pytest.mark.parametrize(
    ('negative', 'positive', 'margin'), [(4, 0, 0.05), (2, 1, 0.0)]
)
def test_asymmetric(batch, negative, positive, margin):
    def term(p, y, _):
        if y:
            return -((1 - p) ** positive) * math.log(p)
        shifted = max(p - margin, 0)
        return -(shifted**negative) * math.log(1 - shifted)

    loss = build(
        'AttributeAsymmetricLoss',
        gamma_negative=negative,
        gamma_positive=positive,
        margin=margin,
    )
    check(loss, batch, term)


def test_class_balanced(batch):
    beta = 0.99

    def effective(count):  # 1 + beta + beta^2 + ..., count terms
        return sum(beta**power for power in range(max(count, 1)))

    def term(p, y, attribute):
        positive = 1 / effective(int(POSITIVES[attribute]))
        negative = 1 / effective(int(NEGATIVES[attribute]))
        scale = 2 / (positive + negative)
        return bce(p, y, positive * scale, negative * scale)

    check(build('ClassBalancedBCELoss', beta=beta), batch, term)


def test_positive_reweighted(batch):
    weights = [1.0, 20.0, 91 / 9, 10 / 90]

    def term(p, y, attribute):
        return bce(p, y, weights[attribute])

    check(build('PositiveReweightedBCELoss'), batch, term)


def test_weights_at_the_ends():
    weights = class_balanced_weights(
        POSITIVES.double(), NEGATIVES.double(), 0.0
    )
    assert torch.equal(torch.stack(weights), torch.ones(2, 4).double())
    assert (
        positive_weights(POSITIVES.double(), NEGATIVES.double(), 1.0).tolist()
        == [1] * 4
    )


@pytest.mark.parametrize('name', LOSSES)
def test_unknown_entries_count_nothing(batch, name):
    logits, targets, mask = batch
    loss = build(name)
    expected = loss(logits, targets, mask)
    flipped = torch.where(mask, targets, 1 - targets)
    wild = torch.where(mask, logits, torch.full_like(logits, torch.inf))
    assert torch.equal(loss(wild, flipped, mask), expected)
    assert not torch.equal(loss(logits, flipped), loss(logits, targets))


@pytest.mark.parametrize('name', LOSSES)
def test_unknown_targets_may_be_nan(batch, name):
    logits, targets, mask = batch
    logits.requires_grad_()
    loss, gradients = build(name), []
    for labels in (targets, torch.where(mask, targets, torch.nan)):
        logits.grad = None
        loss(logits, labels, mask).backward()
        gradients.append(logits.grad)
    assert torch.isfinite(gradients[0]).all() and torch.equal(*gradients)


@pytest.mark.parametrize('name', LOSSES)
def test_gradient_reaches_known_entries_alone(batch, name):
    logits, targets, mask = batch
    logits.requires_grad_()
    build(name)(logits, targets, mask).backward()
    assert not logits.grad[~mask].any()
    assert torch.isfinite(logits.grad).all() and logits.grad[mask].any()


@pytest.mark.parametrize('name', LOSSES)
def test_nothing_known_is_zero_with_a_gradient(batch, name):
    logits, targets, mask = batch
    logits.requires_grad_()
    loss = build(name)(logits, targets, torch.zeros_like(mask))
    loss.backward()
    assert loss.item() == 0 and not logits.grad.any()


@pytest.mark.parametrize('name', LOSSES)
def test_extreme_logits_stay_finite(name):
    logits = torch.tensor([[-200.0, 200, -200, 200]], requires_grad=True)
    targets = torch.tensor([[1.0, 0, 0, 1]])
    loss = build(name)(logits, targets)
    loss.backward()
    assert torch.isfinite(loss) and torch.isfinite(logits.grad).all()


@pytest.mark.parametrize(
    ('name', 'options'),
    [
        ('AttributeFocalLoss', dict(gamma=0.5)),
        ('AttributeFocalLoss', dict(gamma=0.01)),
        ('AttributeAsymmetricLoss', dict(gamma_negative=0.5)),
        (
            'AttributeAsymmetricLoss',
            dict(gamma_negative=0.01, gamma_positive=0.5, margin=0.0),
        ),
    ],
)
@pytest.mark.parametrize('dtype', [torch.float32, torch.float64])
def test_exponents_below_one_have_finite_gradients(name, options, dtype):
    values = [-200.0, -88, -20, -2.9444, 0, 20, 88, 200]
    logits = torch.tensor([values] * 2, dtype=dtype, requires_grad=True)
    targets = torch.tensor([[0.0], [1.0]]).expand(2, len(values))
    loss = build(name, **options)
    loss(logits, targets).backward()
    gradient = logits.grad
    assert torch.isfinite(gradient).all()
    # nothing where it is right; negatives with a margin saturate as well
    assert gradient[0, :2].abs().max() < 1e-3
    assert gradient[1, -2:].abs().max() < 1e-3
    assert gradient[1, 0] < -1e-3
    # where nothing is extreme: the slope of the loss
    middle = torch.zeros(2, 1, dtype=dtype, requires_grad=True)
    loss(middle, targets[:, :1]).backward()
    step = 0.01
    for row in range(2):
        ends = [
            loss(torch.full((1, 1), x), targets[row : row + 1, :1])
            for x in (-step, step)
        ]
        slope = (ends[1] - ends[0]) / (2 * step)
        assert 2 * middle.grad[row].item() == pytest.approx(
            slope.item(), rel=1e-2
        )


@pytest.mark.parametrize('name', LOSSES)
def test_loss_weight(batch, name):
    once, thrice = build(name), build(name, loss_weight=3.0)
    torch.testing.assert_close(thrice(*batch), 3 * once(*batch))


@pytest.mark.parametrize('name', LOSSES)
def test_malformed_masks_and_lengths(batch, name):
    logits, targets, mask = batch
    loss = build(name)
    with pytest.raises(InputError, match=r'one shape.*\(6, 4\) and \(6, 3\)'):
        loss(logits, targets[:, :3])
    with pytest.raises(InputError, match='a mask bool'):
        loss(logits, targets, mask[:, :3])
    with pytest.raises(InputError, match=r'torch\.float32'):
        loss(logits, targets, mask.float())


@pytest.mark.parametrize('name', LOSSES[3:])
def test_counts_are_needed_and_leave_the_state_dict_alone(batch, name):
    loss = MODELS.build(dict(type=f'mmvision_ext.{name}'))
    with pytest.raises(InputError, match='AttributeStatisticsHook'):
        loss(*batch)
    loss.set_counts(POSITIVES, NEGATIVES)
    assert not loss.state_dict()


@pytest.mark.parametrize(
    ('name', 'options'),
    [
        ('AttributeFocalLoss', dict(gamma=-1)),
        ('AttributeFocalLoss', dict(alpha=2)),
        ('AttributeAsymmetricLoss', dict(margin=1)),
        ('AttributeAsymmetricLoss', dict(gamma_negative=-1)),
        ('ClassBalancedBCELoss', dict(beta=1)),
        ('PositiveReweightedBCELoss', dict(max_weight=0.5)),
    ],
)
def test_arguments_out_of_range(name, options):
    with pytest.raises(InputError, match=name):
        build(name, **options)
