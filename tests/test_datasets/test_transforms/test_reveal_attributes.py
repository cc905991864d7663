"""Revealed attributes are told and out of the score, the others neither."""

import pytest
import torch
from mmengine.registry import TRANSFORMS
from mmpretrain.structures import DataSample

from mmvision_ext.datasets.errors import DatasetError

A = 400


def reveal(mask=None, index=3, **options):
    sample = DataSample(metainfo=dict(sample_idx=index))
    score = (torch.arange(A) % 2).float()
    sample.set_gt_score(score)
    if mask is not None:
        sample.set_field(mask, 'gt_mask', dtype=torch.Tensor)
    step = TRANSFORMS.build(
        dict(type='mmvision_ext.RevealAttributes', **options)
    )
    return step(dict(inputs=torch.zeros(3, 4, 4), data_samples=sample))[
        'data_samples'
    ]


def test_known_and_scored_share_no_entry():
    sample = reveal(share=0.3)
    shown = sample.known_attributes != 0
    assert torch.equal(shown, ~sample.gt_mask)
    assert shown.float().mean().item() == pytest.approx(0.3, abs=0.07)
    signs = 2 * sample.gt_score - 1
    assert torch.equal(sample.known_attributes[shown], signs[shown])


def test_unknown_entries_stay_unknown():
    mask = torch.arange(A) % 3 > 0
    sample = reveal(mask)
    assert not sample.known_attributes[~mask].any()
    assert not sample.gt_mask[~mask].any()


def test_give_false_scores_the_same_entries():
    told, silent = reveal(), reveal(give=False)
    assert 'known_attributes' not in silent
    assert torch.equal(told.gt_mask, silent.gt_mask)


def test_draw_follows_from_seed_and_sample():
    assert torch.equal(reveal().gt_mask, reveal().gt_mask)
    assert not torch.equal(reveal().gt_mask, reveal(index=4).gt_mask)
    assert not torch.equal(reveal().gt_mask, reveal(seed=1).gt_mask)


def test_bad_input():
    with pytest.raises(DatasetError, match='share in'):
        reveal(share=1.0)
    step = TRANSFORMS.build(dict(type='mmvision_ext.RevealAttributes'))
    with pytest.raises(DatasetError, match='PackAttributes'):
        step(dict(img=None))
