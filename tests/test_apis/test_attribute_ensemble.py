"""The average of attribute models, against averaging by hand."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.registry import DefaultScope
from mmengine.runner import Runner
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    f1_score,
    roc_auc_score,
)

from mmvision_ext.apis.attribute_ensemble import (
    Scored,
    align,
    average,
    evaluate_ensemble,
    score_split,
)
from mmvision_ext.apis.attribute_ensemble_tables import (
    ensemble_table,
    write_ensemble,
)
from mmvision_ext.apis.comparison import Contestant
from mmvision_ext.apis.model import load_classifier, load_config
from mmvision_ext.datasets.apascal_attributes import NAMES
from mmvision_ext.testing.tiny_attributes import (
    image_config,
    make_attribute_data,
    object_config,
    save_random,
)
from mmvision_ext.utils import InputError


@pytest.fixture(scope='module')
def root(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp('data')
    make_attribute_data(root, images=6)
    return root


@pytest.fixture(scope='module')
def members(root: Path) -> list[Contestant]:
    """Two models of one config, and one with larger crops."""
    small = object_config(root)
    small.dump(root / 'small.py')
    large = object_config(root)
    large.test_dataloader.dataset.pipeline[0].size = 48
    large.dump(root / 'large.py')
    found = []
    for seed, name in enumerate(('small', 'small', 'large')):
        weights = root / f'{seed}.pth'
        save_random(small, weights, dict(classes=NAMES), seed)
        config = str(root / f'{name}.py')
        found.append(Contestant(f'model {seed}', config, str(weights)))
    return found


def by_hand(member: Contestant) -> tuple[np.ndarray, np.ndarray]:
    """Scores and targets (N, A) by mmengine's own loader."""
    config = load_config(member.config)
    model = load_classifier(config, member.checkpoint, 'cpu')
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        loader = Runner.build_dataloader(config.test_dataloader)
    with torch.no_grad():
        samples = [s for batch in loader for s in model.test_step(batch)]
    return (
        np.stack([sample.pred_score.numpy() for sample in samples]),
        np.stack([sample.gt_score.numpy() for sample in samples]),
    )


def test_the_average_is_that_by_hand(members) -> None:
    weights = (1, 1, 2)
    ensemble = evaluate_ensemble(members, weights, device='cpu')
    scores, targets = zip(*map(by_hand, members), strict=True)
    mean = scores[0] / 4 + scores[1] / 4 + scores[2] / 2
    truth = targets[0]
    assert [row.weight for row in ensemble.rows] == [0.25, 0.25, 0.5, 1]
    for row, found in zip(ensemble.rows, (*scores, mean), strict=True):
        expected = average_precision_score(
            truth, found.astype(np.float32), average='macro'
        )
        assert row.measures['mAP'] == pytest.approx(100 * expected, abs=1e-3)
        assert row.measures['accuracy'] == pytest.approx(
            100 * accuracy_score(truth.ravel(), found.ravel() >= 0.5)
        )
        both = (truth.min(0) == 0) & (truth.max(0) == 1)
        assert row.measures['AUROC'] == pytest.approx(
            100 * roc_auc_score(truth[:, both], found[:, both]), abs=1e-3
        )
        assert row.measures['OF1'] == pytest.approx(
            100 * f1_score(truth.ravel(), found.ravel() >= 0.5)
        )
    maps = [row.measures['mAP'] for row in ensemble.rows]
    assert len({round(value, 3) for value in maps}) == 4
    share = 100 * (truth == 0).mean()
    assert ensemble.all_negative['accuracy'] == pytest.approx(share)
    assert ensemble.all_negative['mA'] == pytest.approx(50)
    assert ensemble.samples == 12 and 'test split' in ensemble.protocol


def test_tables_have_chance_and_denial_beside(members, tmp_path) -> None:
    ensemble = evaluate_ensemble(members[:2], topk=3, device='cpu')
    files = write_ensemble(ensemble, tmp_path / 'out')
    assert [path.name for path in files] == ['ensemble.md', 'ensemble.csv']
    text = files[0].read_text()
    assert text == ensemble_table(ensemble)
    lines = {
        line.split('|')[1].strip(): [x.strip() for x in line.split('|')[2:-1]]
        for line in text.splitlines()
        if line.startswith('|')
    }
    assert lines['measure (%)'] == [
        'model 0',
        'model 1',
        'average',
        'chance',
        'all-negative',
    ]
    measures = ensemble.rows[-1].measures
    chance = f'{measures["mAP_chance"]:.2f}'
    assert lines['mAP'][2:] == [f'{measures["mAP"]:.2f}', chance, '–']
    denied = f'{measures["accuracy_all_negative"]:.2f}'
    assert lines['accuracy'][3:] == ['–', denied]
    assert lines['mA'][3:] == ['50.00', '50.00'] and 'mR@3' in lines
    assert '12 samples' in text and 'model 0 0.500, model 1 0.500' in text
    rows = list(csv.DictReader(files[1].open(encoding='utf-8')))
    assert [row['name'] for row in rows][2:] == ['average', 'all-negative']
    assert float(rows[2]['mAP']) == measures['mAP']
    assert rows[0]['checkpoint'] == members[0].checkpoint


@pytest.fixture(scope='module')
def scored(members) -> Scored:
    return score_split(members[0], 'test', 'cpu')


def shuffled(scored: Scored, order: np.ndarray) -> Scored:
    return Scored(
        [scored.samples[row] for row in order],
        scored.scores[order],
        scored.targets[order],
        scored.known[order],
        scored.meta,
    )


def test_another_order_is_put_right(scored) -> None:
    order = np.random.default_rng(0).permutation(12)
    found = align(shuffled(scored, order), scored, 'a', 'b')
    assert found.samples == scored.samples
    for key in ('scores', 'targets', 'known'):
        np.testing.assert_array_equal(
            getattr(found, key), getattr(scored, key)
        )


def test_unlike_members_are_refused(scored) -> None:
    fewer = shuffled(scored, np.arange(11))
    with pytest.raises(InputError, match='same samples, found 11 and 12, 1 '):
        align(fewer, scored, 'a', 'b')
    names = (NAMES[1], NAMES[0], *NAMES[2:])
    other = replace(scored, meta=dict(classes=names))
    with pytest.raises(InputError, match=f"number 1, '{names[0]}' and"):
        align(other, scored, 'a', 'b')
    other = replace(scored, meta=dict(classes=NAMES[:63]))
    with pytest.raises(InputError, match='found 63 and 64'):
        align(other, scored, 'a', 'b')
    targets = scored.targets.copy()
    targets[2, 5] = 1 - targets[2, 5]
    other = replace(scored, targets=targets)
    with pytest.raises(InputError, match=f"found 1 .* '{NAMES[5]}' of '.*#3'"):
        align(other, scored, 'a', 'b')
    known = scored.known.copy()
    known[2, 5] = False
    other, same = replace(other, known=known), replace(scored, known=known)
    assert align(other, same, 'a', 'b').samples == scored.samples
    with pytest.raises(InputError, match='same labels, found 1 that differ'):
        align(same, scored, 'a', 'b')


@pytest.mark.parametrize(
    ('count', 'weights', 'message'),
    [
        (1, None, 'at least two members'),
        (2, [1], 'found 2 members and weights'),
        (2, [1, -1], 'not negative'),
        (2, [0, 0], 'not all 0'),
        (2, [1, float('nan')], 'not negative'),
    ],
)
def test_weights_that_cannot_be_used(members, count, weights, message):
    with pytest.raises(InputError, match=message):
        evaluate_ensemble(members[:count], weights)


def test_members_need_different_names(members) -> None:
    pair = [members[0], replace(members[1], name='model 0')]
    with pytest.raises(InputError, match='different names'):
        evaluate_ensemble(pair)
    pair[1] = replace(members[1], name='average')
    with pytest.raises(InputError, match="none of them 'average'"):
        evaluate_ensemble(pair)


def test_other_attributes_than_the_data(root, members, tmp_path) -> None:
    names = (NAMES[1], NAMES[0], *NAMES[2:])
    weights = tmp_path / 'swapped.pth'
    save_random(object_config(root), weights, dict(classes=names))
    other = replace(members[0], checkpoint=str(weights))
    with pytest.raises(InputError, match='64 attributes of the checkpoint'):
        score_split(other, 'test', 'cpu')


def test_a_sample_that_comes_twice(members, tmp_path) -> None:
    config = load_config(members[0].config)
    data = config.test_dataloader.dataset
    config.test_dataloader.dataset = dict(
        type='RepeatDataset', dataset=data, times=2
    )
    config.dump(tmp_path / 'twice.py')
    double = replace(members[0], config=str(tmp_path / 'twice.py'))
    with pytest.raises(InputError, match="'JPEGImages/0.jpg#1' twice"):
        score_split(double, 'test', 'cpu')


def test_revealed_labels_leave_the_scored_entries(root, tmp_path) -> None:
    config = image_config(root)
    weights = save_random(config, tmp_path / 'image.pth', None)
    config.test_dataloader.dataset.pipeline.append(
        dict(type='mmvision_ext.RevealAttributes', share=0.5)
    )
    config.dump(tmp_path / 'image.py')
    member = Contestant('a', str(tmp_path / 'image.py'), str(weights))
    found = score_split(member, 'test', 'cpu')
    assert 0.3 < found.known.mean() < 0.7
    assert set(np.unique(found.scores[~found.known])) == {0, 1}


def test_the_mean_of_probabilities() -> None:
    ones = np.ones((2, 3), np.float32)
    found = average([0 * ones, ones], np.array([0.25, 0.75]))
    assert found.dtype == np.float32 and (found == 0.75).all()
    third = np.full(3, 1 / 3)
    assert average([ones] * 3, third).max() <= 1
