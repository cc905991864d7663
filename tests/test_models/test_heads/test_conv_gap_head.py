import pytest
import torch
from mmengine.registry import MODELS
from mmpretrain.structures import DataSample
from torch import nn
from torch.nn import functional as F

from mmvision_ext.utils import InputError

DEFAULT_ARGS = dict(
    type='mmvision_ext.ConvGAPHead', num_classes=5, in_channels=8
)


def build(**kwargs):
    return MODELS.build({**DEFAULT_ARGS, **kwargs})


@pytest.fixture
def feats():
    """Feature maps of two stages; the last is classified."""
    torch.manual_seed(0)
    return torch.rand(3, 4, 6, 8), torch.rand(3, 8, 3, 4)


def samples(*labels):
    return [DataSample().set_gt_label(label) for label in labels]


def test_equals_pooling_and_a_linear_layer(feats):
    head = build()
    linear = nn.Linear(8, 5)
    linear.weight.data = head.conv.weight.data[:, :, 0, 0]
    linear.bias.data = head.conv.bias.data.uniform_()
    expected = linear(feats[-1].mean((2, 3)))
    torch.testing.assert_close(head(feats), expected)
    assert sum(p.numel() for p in head.parameters()) == 8 * 5 + 5


def test_class_maps_average_to_the_logits(feats):
    head = build()
    maps = head.class_maps(feats)
    assert maps.shape == (3, 5, 3, 4)
    torch.testing.assert_close(maps.mean((2, 3)), head(feats))


def test_parameters_of_a_resnet18_head():
    head = build(num_classes=101, in_channels=512)
    assert sum(p.numel() for p in head.parameters()) == 51813


def test_init_weights_follows_init_cfg():
    head = build(num_classes=100, in_channels=200)
    head.init_weights()
    assert head.conv.weight.std().item() == pytest.approx(0.01, rel=0.05)
    assert not head.conv.bias.any()
    constant = build(init_cfg=dict(type='Constant', layer='Conv2d', val=2))
    constant.init_weights()
    assert (constant.conv.weight == 2).all()


def test_dropout_drops_whole_channels_in_training_only(feats):
    head = build(dropout=0.5)
    ones = torch.ones(64, 8, 3, 4)
    dropped = head.train().dropout(ones)
    assert set(dropped.unique().tolist()) == {0.0, 2.0}
    assert (dropped == dropped[:, :, :1, :1]).all()
    torch.testing.assert_close(head.eval().dropout(ones), ones)
    assert not build().train().dropout(ones).eq(0).any()


def test_loss_is_cross_entropy_with_accuracy(feats):
    head = build(topk=(1, 3), cal_acc=True)
    losses = head.loss(feats, samples(0, 4, 2))
    logits = head(feats)
    expected = F.cross_entropy(logits, torch.tensor([0, 4, 2]))
    torch.testing.assert_close(losses['loss'], expected)
    assert set(losses) == {'loss', 'accuracy_top-1', 'accuracy_top-3'}
    hits = (logits.argmax(1) == torch.tensor([0, 4, 2])).float().mean()
    assert losses['accuracy_top-1'].item() == pytest.approx(100 * hits)
    losses['loss'].backward()
    assert head.conv.weight.grad.abs().sum() > 0
    assert set(build().loss(feats, samples(0, 4, 2))) == {'loss'}


def test_accuracy_counts_hits_of_any_logit(feats):
    head = build(topk=(1, 3), cal_acc=True)
    head.conv.bias.data -= 100  # a shift of all logits changes no rank
    ranked = head(feats).topk(3).indices
    losses = head.loss(
        feats, samples(ranked[0, 0], ranked[1, 2], ranked[2, 1])
    )
    assert losses['accuracy_top-1'].item() == pytest.approx(100 / 3)
    assert losses['accuracy_top-3'].item() == 100


def test_accuracy_of_mixed_labels_is_refused(feats):
    mixed = [DataSample().set_gt_score(torch.rand(5)) for _ in range(3)]
    soft = dict(type='mmpretrain.CrossEntropyLoss', use_soft=True)
    with pytest.raises(InputError, match='set cal_acc=False'):
        build(loss=soft, cal_acc=True).loss(feats, mixed)


def test_loss_of_mixed_labels(feats):
    head = build(loss=dict(type='mmpretrain.CrossEntropyLoss', use_soft=True))
    scores = torch.softmax(torch.rand(3, 5), 1)
    mixed = [DataSample().set_gt_score(score) for score in scores]
    loss = head.loss(feats, mixed)['loss']
    expected = -(scores * F.log_softmax(head(feats), 1)).sum(1).mean()
    torch.testing.assert_close(loss, expected)


def test_predict(feats):
    head = build()
    given = samples(0, 4, 2)
    for predicted in (head.predict(feats), head.predict(feats, given)):
        scores = torch.stack([sample.pred_score for sample in predicted])
        torch.testing.assert_close(scores, head(feats).softmax(1))
        labels = [sample.pred_label.item() for sample in predicted]
        assert labels == scores.argmax(1).tolist()
    assert [sample.gt_label.item() for sample in predicted] == [0, 4, 2]


def test_one_position_and_one_image():
    head = build()
    assert head((torch.rand(1, 8, 1, 1),)).shape == (1, 5)


@pytest.mark.parametrize('shape', [(3, 8), (3, 9, 2, 2)])
def test_other_features_are_refused(shape):
    with pytest.raises(InputError, match=r'\(N, 8, H, W\).*in_channels'):
        build()((torch.rand(shape),))


@pytest.mark.parametrize(
    ('kwargs', 'message'),
    [
        (dict(num_classes=0), 'at least 1, found 0 and 8'),
        (dict(in_channels=0), 'at least 1, found 5 and 0'),
        (dict(dropout=1.0), r'\[0, 1\), found 1.0'),
    ],
)
def test_wrong_arguments_are_refused(kwargs, message):
    with pytest.raises(InputError, match=message):
        build(**kwargs)
