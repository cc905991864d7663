"""No label reaches its own prediction, in testing and in training."""

import pytest
import torch
from mmengine.registry import MODELS
from mmpretrain.structures import DataSample
from torch.nn import functional as F

from mmvision_ext.models.heads import known_vector
from mmvision_ext.models.heads.cross_modal_attribute_head import draw_hidden
from mmvision_ext.utils import InputError

A, N = 7, 6
ALIGNMENT = dict(type='mmvision_ext.ContrastiveAlignmentLoss')


def build(**options):
    """A small cross-modal classifier without pretrained weights."""
    torch.manual_seed(0)
    head = dict(
        type='mmvision_ext.CrossModalAttributeHead',
        num_classes=A,
        in_channels=4,
        embed_channels=8,
        hidden_channels=6,
        hide_all=0.2,
        alignment=ALIGNMENT,
    )
    return classifier(head | options)


def classifier(head):
    return MODELS.build(
        dict(
            type='mmvision_ext.CrossModalAttributeClassifier',
            data_preprocessor=dict(type='mmpretrain.ClsDataPreprocessor'),
            backbone=_Backbone(),
            head=head,
        )
    )


class _Backbone(torch.nn.Module):
    """Means of quarters of an image, (N, 3, H, W) to (N, 4)."""

    def forward(self, inputs):
        return (F.adaptive_avg_pool2d(inputs, 2)[:, 0].flatten(1),)


@pytest.fixture
def inputs():
    return torch.rand(N, 3, 8, 8, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def scores():
    generator = torch.Generator().manual_seed(2)
    return torch.randint(0, 2, (N, A), generator=generator).float()


def samples(scores, mask=None, known=None):
    found = []
    for index, score in enumerate(scores):
        sample = DataSample().set_gt_score(score.clone())
        for key, values in (('gt_mask', mask), ('known_attributes', known)):
            if values is not None:
                sample.set_field(values[index], key, dtype=torch.Tensor)
        found.append(sample)
    return found


def predict(model, inputs, data_samples=None, **options):
    with torch.no_grad():
        found = model.eval().predict(inputs, data_samples, **options)
    return torch.stack([sample.pred_score for sample in found])


def step(model, inputs, data_samples, seed=0):
    """Losses, logits and what the attribute branch saw in a step."""
    seen = {}
    hooks = [
        model.head.classifier[-1].register_forward_hook(
            lambda _, __, out: seen.update(logits=out.detach())
        ),
        model.head.attribute_encoder.register_forward_hook(
            lambda _, args, __: seen.update(known=args[0].detach())
        ),
    ]
    torch.manual_seed(seed)
    losses = model.train().loss(inputs, data_samples)
    for hook in hooks:
        hook.remove()
    return losses, seen['logits'], seen['known']


def test_flipped_test_labels_change_no_prediction(inputs, scores):
    model = build()
    expected = predict(model, inputs)
    mask = torch.rand(N, A) < 0.5
    for labels in (scores, 1 - scores, torch.full_like(scores, torch.nan)):
        assert torch.equal(predict(model, inputs, samples(labels)), expected)
        assert torch.equal(
            predict(model, inputs, samples(labels, mask)), expected
        )


def test_flipped_hidden_labels_change_no_logit(inputs, scores):
    model = build()
    losses, logits, known = step(model, inputs, samples(scores))
    hidden = known == 0
    assert hidden.any() and not hidden.all()
    flipped = torch.where(hidden, 1 - scores, scores)
    changed, again, same = step(model, inputs, samples(flipped))
    assert torch.equal(again, logits) and torch.equal(same, known)
    assert torch.equal(changed['loss_alignment'], losses['loss_alignment'])
    assert not torch.equal(
        changed['loss_attributes'], losses['loss_attributes']
    )


def test_each_hidden_label_by_itself(inputs, scores):
    model = build()
    _, logits, known = step(model, inputs, samples(scores))
    hidden = (known == 0).nonzero().tolist()
    assert hidden
    for row, column in hidden:
        flipped = scores.clone()
        flipped[row, column] = 1 - flipped[row, column]
        assert torch.equal(step(model, inputs, samples(flipped))[1], logits)


def test_loss_is_over_hidden_labels(inputs, scores):
    model = build()
    losses, logits, known = step(model, inputs, samples(scores))
    hidden = known == 0
    expected = F.binary_cross_entropy_with_logits(
        logits[hidden], scores[hidden]
    )
    torch.testing.assert_close(losses['loss_attributes'].detach(), expected)
    assert torch.equal(known[~hidden], (2 * scores - 1)[~hidden])


def test_unknown_labels_are_neither_shown_nor_counted(inputs, scores):
    model = build()
    mask = torch.rand(N, A, generator=torch.Generator().manual_seed(3)) < 0.6
    losses, logits, known = step(model, inputs, samples(scores, mask))
    assert not known[~mask].any()
    flipped = torch.where(mask, scores, 1 - scores)
    again = step(model, inputs, samples(flipped, mask))
    assert torch.equal(again[1], logits)
    for key, value in losses.items():
        assert torch.equal(again[0][key], value)


def test_hide_all_trains_as_one_tests(inputs, scores):
    model = build(hide_all=1.0)
    losses, _, known = step(model, inputs, samples(scores))
    assert not known.any() and losses['loss_alignment'].item() == 0
    sum(losses.values()).backward()
    without = [n for n, p in model.named_parameters() if p.grad is None]
    assert not without


def test_draw_hides_labels_alone_and_whole_samples():
    torch.manual_seed(0)
    mask = torch.rand(4000, 9) < 0.8
    hidden = draw_hidden(mask, 0.4)
    assert not hidden[~mask].any()
    share = hidden.sum(1) / mask.sum(1).clamp(min=1)
    whole = (hidden == mask).all(1).float().mean().item()
    # 0.4, and of the others those that hide 7 labels or so by chance
    assert 0.4 < whole < 0.52
    assert share.mean().item() == pytest.approx(0.7, abs=0.02)
    assert draw_hidden(mask, 1.0).equal(mask)


def test_known_attributes_change_the_others_and_are_certain(inputs, scores):
    model = build()
    nothing = predict(model, inputs)
    known = torch.zeros(N, A)
    known[:, 0], known[:, 1] = 1, -1
    found = predict(model, inputs, known=known)
    assert (found[:, 0] == 1).all() and (found[:, 1] == 0).all()
    assert not torch.equal(found[:, 2:], nothing[:, 2:])
    by_sample = predict(model, inputs, samples(scores, known=known))
    assert torch.equal(by_sample, found)
    zeros = torch.zeros(N, A)
    assert torch.equal(predict(model, inputs, known=zeros), nothing)


def test_one_row_is_known_of_all_images(inputs):
    model = build()
    known = known_vector({'b': True, 'd': False}, 'abcdefg')
    found = predict(model, inputs, known=known[None])
    assert torch.equal(found, predict(model, inputs, known=known.repeat(N, 1)))


def test_some_samples_of_a_batch_have_known_attributes(inputs, scores):
    model = build()
    data_samples = samples(scores)
    known = torch.tensor([1.0, -1, 0, 0, 0, 0, 0])
    data_samples[2].set_field(known, 'known_attributes', dtype=torch.Tensor)
    found = predict(model, inputs, data_samples)
    nothing = predict(model, inputs)
    same = (found == nothing).all(1).tolist()
    assert same == [True, True, False, True, True, True]


@pytest.mark.parametrize(
    ('known', 'message'),
    [
        (torch.zeros(N, A - 1), rf'tensor \(N, {A}\)'),
        (torch.zeros(A), rf'tensor \(N, {A}\)'),
        (torch.zeros(1, A - 1), rf'tensor \(N, {A}\)'),
        (torch.zeros(N - 1, A), rf'1 row for all of the {N} .*\({N - 1}, '),
        (torch.zeros(0, A), rf'1 row for all .*found shape \(0, {A}\)'),
        (torch.full((N, A), 0.5), '1 .present., -1 .absent. and 0'),
        (torch.full((N, A), torch.nan), '1 .present., -1 .absent. and 0'),
    ],
)
def test_malformed_known(inputs, known, message):
    with pytest.raises(InputError, match=message):
        predict(build(), inputs, known=known)


def test_malformed_known_of_a_sample(inputs, scores):
    with pytest.raises(InputError, match=r'known_attributes of shape'):
        predict(build(), inputs, samples(scores, known=torch.zeros(N, A + 1)))


def test_malformed_labels(inputs, scores):
    with pytest.raises(InputError, match='gt_score of shape'):
        build().loss(inputs, samples(scores[:, 1:]))
    with pytest.raises(InputError, match='gt_mask of shape'):
        build().loss(inputs, samples(scores, torch.ones(N, A + 1).bool()))


def test_embeddings_have_length_one(inputs):
    model = build().eval()
    known = torch.eye(A)
    for rows in (model.embed_images(inputs), model.embed_attributes(known)):
        assert rows.shape[1] == 8
        torch.testing.assert_close(rows.norm(dim=1), torch.ones(len(rows)))


def test_alignment_pulls_the_embeddings_together(inputs, scores):
    model = build(
        hide_all=0.0,
        dropout=0.0,
        alignment=dict(type='mmvision_ext.CosineAlignmentLoss'),
    )
    optimizer = torch.optim.Adam(model.parameters(), 0.01)
    values = []
    for _ in range(30):
        losses, _, _ = step(model, inputs, samples(scores))
        optimizer.zero_grad()
        losses['loss_alignment'].backward()
        optimizer.step()
        values.append(losses['loss_alignment'].item())
    assert values[-1] < 0.2 * values[0]
    assert (
        'loss_alignment'
        not in step(build(alignment=None), inputs, samples(scores))[0]
    )


@pytest.mark.parametrize(
    'wrong', [dict(hide_all=1.5), dict(embed_channels=0), dict(dropout=1.0)]
)
def test_arguments_out_of_range(wrong):
    with pytest.raises(InputError, match='CrossModalAttributeHead: expected'):
        build(**wrong)


def test_another_head():
    with pytest.raises(InputError, match='found AttributeHead'):
        classifier(
            dict(
                type='mmvision_ext.AttributeHead', num_classes=A, in_channels=4
            )
        )


def test_similarity_is_the_cosine_of_the_embeddings(inputs, scores):
    model = build().eval()
    with torch.no_grad():
        images = model.embed_images(inputs)
        attributes = model.embed_attributes(torch.eye(A))
        found = [
            torch.stack([item.attribute_similarity for item in batch])
            for batch in (
                model.predict(inputs),
                model.predict(inputs, samples(scores)),
            )
        ]
    assert torch.allclose(found[0], images @ attributes.T, atol=1e-6)
    assert torch.equal(*found)  # labels are not read
    with torch.no_grad():
        (sample,) = build(alignment=None).eval().predict(inputs[:1])
    assert 'attribute_similarity' not in sample
