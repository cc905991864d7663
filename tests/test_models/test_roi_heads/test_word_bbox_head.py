"""Boxes classified by words."""

import numpy as np
import pytest
import torch

from mmvision_ext.models.roi_heads.global_context import Guidance
from mmvision_ext.models.roi_heads.word_bbox_head import WordBBoxHead
from mmvision_ext.registry import MODELS
from mmvision_ext.utils import InputError

D = 6


@pytest.fixture
def head() -> WordBBoxHead:
    torch.manual_seed(0)
    head = MODELS.build(
        dict(
            type='mmvision_ext.WordBBoxHead',
            embed_dims=D,
            in_channels=4,
            fc_out_channels=8,
            num_classes=3,
            roi_feat_size=2,
            loss_cls=dict(type='mmdet.CrossEntropyLoss'),
            loss_bbox=dict(type='mmdet.L1Loss'),
            bbox_coder=dict(type='mmdet.DeltaXYWHBBoxCoder'),
        )
    )
    head.init_weights()
    assert isinstance(head, WordBBoxHead)
    return head


def test_logits_are_cosines_and_the_background_is_last(
    head: WordBBoxHead,
) -> None:
    maps, words = torch.randn(5, 4, 2, 2), torch.randn(3, D)
    logits, deltas = head(maps, words)
    embedded = head.embed(maps).detach().double().numpy()
    everything = np.vstack(
        [words.double().numpy(), head.fc_cls.background.detach()[None]]
    )
    everything /= np.linalg.norm(everything, axis=1, keepdims=True)
    expected = embedded @ everything.T / 0.05
    np.testing.assert_allclose(logits.detach(), expected, atol=1e-4)
    assert deltas.shape == (5, 4)


@pytest.mark.parametrize('count', [1, 3, 40])
def test_any_number_of_words(head: WordBBoxHead, count: int) -> None:
    logits, deltas = head(torch.randn(2, 4, 2, 2), torch.randn(count, D))
    assert logits.shape == (2, count + 1)
    assert head.num_classes == count
    losses = head.loss(
        logits,
        deltas,
        torch.zeros(2, 5),
        labels=torch.tensor([0, count]),  # a word and the background
        label_weights=torch.ones(2),
        bbox_targets=torch.zeros(2, 4),
        bbox_weights=torch.tensor([[1.0] * 4, [0.0] * 4]),
    )
    expected = torch.nn.functional.cross_entropy(
        logits, torch.tensor([0, count])
    )
    assert losses['loss_cls'].item() == pytest.approx(expected.item())
    assert losses['loss_bbox'] > 0


def test_context_moves_classes_and_not_boxes(head: WordBBoxHead) -> None:
    maps, words = torch.randn(2, 4, 2, 2), torch.randn(3, D)
    guidance = Guidance(
        scale=torch.randn(2, 8),
        shift=torch.randn(2, 8),
        prior=torch.zeros(2, 3),
    )
    plain, boxes = head(maps, words)
    guided, same = head(maps, words, guidance)
    assert torch.equal(boxes, same)
    assert not torch.allclose(plain, guided)
    assert torch.allclose(
        head.embed(maps, guidance)
        @ torch.nn.functional.normalize(words).T
        / 0.05,
        guided[:, :3],
        atol=1e-4,
    )


def test_no_region(head: WordBBoxHead) -> None:
    logits, deltas = head(torch.zeros(0, 4, 2, 2), torch.randn(3, D))
    assert (logits.shape, deltas.shape) == ((0, 4), (0, 4))


def test_words_get_no_gradient_unless_asked(head: WordBBoxHead) -> None:
    words = torch.randn(3, D)
    head(torch.randn(2, 4, 2, 2), words)[0].sum().backward()
    assert words.grad is None
    assert head.fc_cls.background.grad is not None


def test_boxes_of_each_class_are_refused() -> None:
    with pytest.raises(InputError, match='reg_class_agnostic: expected True'):
        WordBBoxHead(D, reg_class_agnostic=False)
