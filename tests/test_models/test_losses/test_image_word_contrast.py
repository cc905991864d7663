"""Contrastive loss of images and words."""

import numpy as np
import pytest
import torch

from mmvision_ext.models.losses.image_word_contrast import (
    ImageWordContrastLoss,
    image_word_contrast,
)


def test_the_mass_is_shared_by_the_words_shown() -> None:
    logits = torch.tensor([[1.0, 2.0, 0.0], [0.5, -1.0, 3.0]])
    targets = torch.tensor([[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    raw = logits.double().numpy()
    log_p = raw - np.log(np.exp(raw).sum(1, keepdims=True))
    expected = -((log_p[0, 0] + log_p[0, 1]) / 2 + log_p[1, 2]) / 2
    found = image_word_contrast(logits, targets)
    assert found.item() == pytest.approx(expected, rel=1e-6)


def test_images_that_show_nothing_do_not_count() -> None:
    logits = torch.randn(3, 4)
    targets = torch.zeros(3, 4)
    assert image_word_contrast(logits, targets) == 0
    targets[1, 2] = 1
    assert torch.equal(
        image_word_contrast(logits, targets),
        image_word_contrast(logits[1:2], targets[1:2]),
    )


def test_one_word_leaves_nothing_to_learn() -> None:
    assert image_word_contrast(torch.randn(2, 1), torch.ones(2, 1)) == 0


def test_the_weight_is_a_factor() -> None:
    logits, targets = torch.randn(2, 3), torch.eye(3)[:2]
    assert ImageWordContrastLoss(0.5)(logits, targets) == pytest.approx(
        0.5 * image_word_contrast(logits, targets)
    )
