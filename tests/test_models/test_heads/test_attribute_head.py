"""Head of object attributes: masks, counts, malformed labels."""

import numpy as np
import pytest
import torch
from mmengine.registry import MODELS
from mmpretrain.structures import DataSample
from torch.nn import functional as F

from mmvision_ext.models.heads import known_vector
from mmvision_ext.utils import InputError

DEFAULT_ARGS = dict(
    type='mmvision_ext.AttributeHead',
    num_classes=4,
    in_channels=8,
    hidden_channels=6,
)
SCORES = ([1, 0, 0, 1], [0, 0, 1, 1], [0, 0, 0, 0])
MASKS = ([True, True, False, True], None, [False] * 4)


def build(**kwargs):
    torch.manual_seed(0)
    return MODELS.build({**DEFAULT_ARGS, **kwargs})


@pytest.fixture
def feats():
    """Features of two stages; the last is classified."""
    torch.manual_seed(0)
    return torch.rand(3, 4), torch.rand(3, 8)


def samples(scores=SCORES, masks=MASKS):
    found = []
    for score, mask in zip(scores, masks, strict=True):
        sample = DataSample().set_gt_score(torch.tensor(score).float())
        if mask is not None:
            sample.set_field(torch.tensor(mask), 'gt_mask', dtype=torch.Tensor)
        found.append(sample)
    return found


def test_layers_and_parameters(feats):
    head = build()
    count = sum(p.numel() for p in head.parameters())
    assert count == 8 * 6 + 6 + 6 * 4 + 4
    head.eval()
    first, last = head.classifier[0], head.classifier[-1]
    hidden = F.relu(first(feats[-1]))
    torch.testing.assert_close(head.pre_logits(feats), hidden)
    torch.testing.assert_close(head(feats), last(hidden))


def test_design_of_coco_attributes():
    head = build(num_classes=204, in_channels=2048, hidden_channels=512)
    widths = [m for m in head.classifier if isinstance(m, torch.nn.Linear)]
    assert [(m.in_features, m.out_features) for m in widths] == [
        (2048, 512),
        (512, 204),
    ]


def test_loss_is_over_known_entries(feats):
    head = build().eval()
    logits = head(feats)
    expected = torch.cat(
        [
            F.binary_cross_entropy_with_logits(
                logits[0, [0, 1, 3]],
                torch.tensor([1.0, 0, 1]),
                reduction='none',
            ),
            F.binary_cross_entropy_with_logits(
                logits[1], torch.tensor([0.0, 0, 1, 1]), reduction='none'
            ),
        ]
    ).mean()
    torch.testing.assert_close(head.loss(feats, samples())['loss'], expected)


def test_every_entry_unknown_gives_zero(feats):
    head = build()
    unknown = samples(masks=[[False] * 4] * 3)
    loss = head.loss(feats, unknown)['loss']
    loss.backward()
    assert loss.item() == 0
    assert all(p.grad is not None for p in head.parameters())


def test_predictions_are_probabilities_and_read_no_label(feats):
    head = build().eval()
    scores = [s.pred_score for s in head.predict(feats, samples())]
    flipped = [[1 - v for v in score] for score in SCORES]
    again = head.predict(feats, samples(flipped))
    assert torch.equal(
        torch.stack(scores), torch.stack([s.pred_score for s in again])
    )
    torch.testing.assert_close(torch.stack(scores), head(feats).sigmoid())
    assert len(head.predict(feats)) == 3


def test_biases_start_at_the_prior(feats):
    head = build(prior_bias=True)
    with pytest.raises(InputError, match='AttributeStatisticsHook'):
        head.loss(feats, samples())
    positives = torch.tensor([0, 1, 50, 99])
    head.set_counts(positives, 99 - positives, fresh=False)
    assert head.last_layer.bias.abs().max() < 1  # a checkpoint's stay
    head.set_counts(positives, 99 - positives)
    expected = (positives + 0.5) / 100
    torch.testing.assert_close(head.last_layer.bias.sigmoid(), expected)
    head.loss(feats, samples())
    with pytest.raises(InputError, match='counts of 4 attributes'):
        head.set_counts(positives[:3], positives[:3])


@pytest.mark.parametrize(
    'name',
    ['AttributeBCELoss', 'ClassBalancedBCELoss', 'PositiveReweightedBCELoss'],
)
def test_biases_start_where_the_loss_is_least(name):
    head = build(prior_bias=True, loss=dict(type=f'mmvision_ext.{name}'))
    positives = torch.tensor([20, 100, 500, 1900])
    head.set_counts(positives, 2000 - positives)
    targets = (torch.arange(2000)[:, None] < positives).float()
    for step, sign in ((-0.05, -1), (0.05, 1)):  # falls before it, then rises
        bias = (head.last_layer.bias + step).detach().requires_grad_()
        head.loss_module(bias.expand(2000, 4), targets).backward()
        assert (bias.grad.sign() == sign).all()


def test_counts_reach_the_loss(feats):
    head = build(loss=dict(type='mmvision_ext.PositiveReweightedBCELoss'))
    with pytest.raises(InputError, match='AttributeStatisticsHook'):
        head.loss(feats, samples())
    head.set_counts(torch.tensor([1, 2, 3, 4]), torch.tensor([4, 3, 2, 1]))
    assert torch.isfinite(head.loss(feats, samples())['loss'])


@pytest.mark.parametrize(
    ('broken', 'message'),
    [
        (dict(scores=([1, 0, 1],) * 3), r'gt_score of shape \(4,\).*\(3,\)'),
        (dict(masks=([True] * 5, None, None)), r'gt_mask of shape.*\(5,\)'),
        (dict(masks=([1.0] * 4, None, None)), 'gt_mask of type bool'),
    ],
)
def test_malformed_labels(feats, broken, message):
    with pytest.raises(InputError, match=message):
        build().loss(feats, samples(**broken))


def test_missing_labels(feats):
    unlabelled = [DataSample(metainfo=dict(img_path='a.jpg'))] * 3
    with pytest.raises(InputError, match=r'a\.jpg.*PackAttributes'):
        build().loss(feats, unlabelled)


def test_features_of_another_shape():
    with pytest.raises(InputError, match='GlobalAveragePooling'):
        build()((torch.rand(2, 8, 7, 7),))
    with pytest.raises(InputError, match='in_channels'):
        build()((torch.rand(2, 9),))


@pytest.mark.parametrize(
    'wrong',
    [dict(num_classes=0), dict(dropout=1.0), dict(hidden_channels=0)],
)
def test_arguments_out_of_range(wrong):
    with pytest.raises(InputError, match='AttributeHead: expected'):
        build(**wrong)


def test_known_vector():
    names = ('metal', 'indoor', 'round')
    known = known_vector({'metal': True, 'round': False}, names)
    assert known.tolist() == [1, 0, -1]
    flags = {'metal': np.True_, 'round': np.False_}
    assert known_vector(flags, names).tolist() == [1, 0, -1]
    with pytest.raises(InputError, match=r"known: .* dict .*\['metal'\]"):
        known_vector(['metal'], names)
    with pytest.raises(InputError, match="'metall'; did you mean 'metal'"):
        known_vector({'metall': True}, names)


@pytest.mark.parametrize('value', [-1, 0, 1, None, 'no', 0.5])
def test_known_is_true_or_false(value):
    message = rf"known\['indoor'\]: expected True .* found {value!r}"
    with pytest.raises(InputError, match=message):
        known_vector({'metal': True, 'indoor': value}, ('metal', 'indoor'))
