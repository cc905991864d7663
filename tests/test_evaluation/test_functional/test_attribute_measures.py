"""Measures of attributes against scikit-learn and against hand-made cases."""

import numpy as np
import pytest
from sklearn import metrics as sk

from mmvision_ext.evaluation.functional.attribute_counts import (
    all_negative_accuracy,
    count_at_thresholds,
    count_in_top,
)
from mmvision_ext.evaluation.functional.attribute_ranking import (
    best_thresholds,
    rank_attributes,
)
from mmvision_ext.evaluation.functional.attribute_scores import (
    attribute_scores,
)
from mmvision_ext.evaluation.functional.attribute_summary import (
    frequency_thirds,
    summarise_attributes,
)
from mmvision_ext.utils import InputError

SEEDS = range(10)


def draw(seed):
    """Scores with and without ties, rare targets, masks, odd attributes."""
    rng = np.random.default_rng(seed)
    shape = int(rng.integers(1, 90)), int(rng.integers(4, 12))
    targets = (rng.random(shape) < rng.random(shape[1]) ** 2).astype(float)
    scores = np.clip(rng.normal(0.4 + 0.2 * targets, 0.25), 0, 1)
    if seed % 3:
        scores = scores.round(seed % 3)  # 0, 1 and many equal ones
    if seed % 2:
        scores = scores.astype(np.float32)
    mask = rng.random(shape) < rng.random(shape[1])
    mask[:, 0] = False  # nothing is known of it
    targets[:, 1] = 0
    targets[:, 2] = 1
    targets[~mask] = rng.choice([0, 1, np.nan], (~mask).sum())
    return scores, targets, mask


def each(scores, targets, mask):
    """Known scores and targets of each attribute."""
    for index in range(scores.shape[1]):
        known = mask[:, index]
        yield scores[known, index], targets[known, index].astype(int)


def close(found, expected):
    assert len(found)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize('seed', SEEDS)
def test_average_precision_equals_scikit_learn(seed):
    drawn = draw(seed)
    expected = [
        sk.average_precision_score(y, s) if y.any() else np.nan
        for s, y in each(*drawn)
    ]
    data = attribute_scores(*drawn)
    close(rank_attributes(data).average_precision, expected)
    priors = [y.mean() if len(y) else np.nan for _, y in each(*drawn)]
    close(data.priors, priors)


@pytest.mark.parametrize('seed', SEEDS)
def test_area_under_roc_equals_scikit_learn(seed):
    drawn = draw(seed)
    expected = [
        sk.roc_auc_score(y, s) if 0 < y.sum() < len(y) else np.nan
        for s, y in each(*drawn)
    ]
    close(rank_attributes(attribute_scores(*drawn)).auroc, expected)


@pytest.mark.parametrize('seed', SEEDS)
def test_best_thresholds_equal_the_search_over_all_scores(seed):
    drawn = draw(seed)
    thresholds, best = best_thresholds(attribute_scores(*drawn))
    for index, (s, y) in enumerate(each(*drawn)):
        if not y.any():
            assert np.isnan(thresholds[index]) and np.isnan(best[index])
            continue
        precision, recall, tried = sk.precision_recall_curve(y, s)
        both = np.maximum(precision + recall, 1e-12)
        f1 = (2 * precision * recall / both)[: len(tried)]
        assert best[index] == pytest.approx(f1.max(), abs=1e-6)
        assert thresholds[index] == tried[np.isclose(f1, f1.max())][-1]


@pytest.mark.parametrize('seed', SEEDS)
@pytest.mark.parametrize('threshold', [0.5, 'each'])
def test_decisions_equal_scikit_learn(seed, threshold):
    scores, targets, mask = draw(seed)
    if threshold == 'each':
        rng = np.random.default_rng(seed)
        threshold = rng.random(scores.shape[1]).round(1)
    counts = count_at_thresholds(
        attribute_scores(scores, targets, mask), threshold
    )
    decided = scores >= threshold
    rows = []
    for p, y in each(decided, targets, mask):
        if not y.any():
            rows.append([np.nan] * 4)
            continue
        row = sk.precision_recall_fscore_support(
            y, p, average='binary', zero_division=0
        )[:3]
        both = not y.all()
        balanced = sk.balanced_accuracy_score(y, p) if both else np.nan
        rows.append([*row, balanced])
    precision, recall, f1, balanced = np.array(rows).T
    close(counts.precision, precision)
    close(counts.recall, recall)
    close(counts.f1, f1)
    close(counts.balanced_accuracy, balanced)
    y, p = targets[mask].astype(int), decided[mask]
    overall = counts.overall()
    if y.any():
        expected = sk.precision_recall_fscore_support(
            y, p, average='binary', zero_division=0
        )[:3]
        close([overall[key] for key in ('OP', 'OR', 'OF1')], expected)
        close(
            [overall[key] for key in ('CP', 'CR', 'CF1')],
            [np.nanmean(column) for column in (precision, recall, f1)],
        )
    if np.isfinite(balanced).any():
        close([overall['mA']], [np.nanmean(balanced)])
    if y.size:
        close([overall['accuracy']], [sk.accuracy_score(y, p)])


@pytest.mark.parametrize('seed', SEEDS)
def test_top_k_equals_a_sort_of_each_sample(seed):
    scores, targets, mask = draw(seed)
    k = 1 + seed % 3
    counts = count_in_top(attribute_scores(scores, targets, mask), k)
    decided = np.zeros(scores.shape, bool)
    for row, values in zip(decided, scores, strict=True):
        row[sorted(range(len(values)), key=lambda a: -values[a])[:k]] = True
    known = targets[mask]
    assert counts.tp.sum() == (decided[mask] & (known == 1)).sum()
    assert counts.fp.sum() == (decided[mask] & (known == 0)).sum()
    expected = [
        sk.recall_score(y, p) if y.any() else np.nan
        for p, y in each(decided, targets, mask)
    ]
    close(counts.recall, expected)


def test_a_case_by_hand():
    scores = np.array([[0.9, 0.2], [0.8, 0.2], [0.8, 0.6], [0.1, 0.7]])
    targets = np.array([[1, 0], [0, 1], [1, 0], [1, 0]])
    mask = np.array([[1, 1], [1, 1], [1, 1], [1, 0]], bool)
    data = attribute_scores(scores, targets, mask)
    # First: precision 1 at one, 2/3 at the tie of two, 3/4 at the last.
    # Second: the positive ties with a negative at the end of three.
    close(
        rank_attributes(data).average_precision,
        [(1 + 2 / 3 + 3 / 4) / 3, 1 / 3],
    )
    # First: pairs of the negative with 0.9 won, 0.8 tied, 0.1 lost.
    close(rank_attributes(data).auroc, [1.5 / 3, 0.5 / 2])
    thresholds, best = best_thresholds(data)
    close(thresholds, [0.1, 0.2])
    close(best, [6 / 7, 1 / 2])
    counts = count_at_thresholds(data, 0.5)
    np.testing.assert_array_equal(
        [counts.tp, counts.fp, counts.fn, counts.tn],
        [[2, 0], [1, 1], [1, 1], [0, 1]],
    )
    overall = counts.overall()
    assert overall['accuracy'] == pytest.approx(3 / 7)
    assert overall['mA'] == pytest.approx((2 / 3 / 2 + 1 / 2 / 2) / 2)
    assert all_negative_accuracy(data) == pytest.approx(3 / 7)
    top = count_in_top(data, 1)  # last sample: the entry chosen is not known
    np.testing.assert_array_equal(top.tp, [2, 0])
    np.testing.assert_array_equal(top.fp, [1, 0])


@pytest.mark.parametrize('dtype', [np.float32, np.float64])
def test_scores_that_differ_by_one_bit_are_no_tie(dtype):
    low = dtype(0.3)
    scores = np.array([[np.nextafter(low, dtype(1))], [low]])
    data = attribute_scores(scores, np.array([[1], [0]]))
    assert (
        rank_attributes(data).average_precision[0]
        == rank_attributes(data).auroc[0]
        == 1
    )
    assert best_thresholds(data)[0][0] == scores[0, 0]
    zeros = attribute_scores(
        np.array([[0.0], [-0.0]], dtype), np.array([[0], [1]])
    )
    assert (
        rank_attributes(zeros).average_precision[0]
        == rank_attributes(zeros).auroc[0]
        == 0.5
    )


def test_blocks_change_nothing(monkeypatch):
    drawn = attribute_scores(*draw(4))
    module = 'mmvision_ext.evaluation.functional.attribute_ranking.BLOCK'
    results = []
    for size in (1, 300, 1 << 20):
        monkeypatch.setattr(module, size)
        results.append([*rank_attributes(drawn), *best_thresholds(drawn)])
    for other in results[1:]:
        np.testing.assert_array_equal(results[0], other)


def test_all_negative_predictor_has_chance_and_nothing_else():
    rng = np.random.default_rng(0)
    targets = rng.random((200, 20)) < 0.1
    scores = np.zeros(targets.shape)
    overall = summarise_attributes(attribute_scores(scores, targets)).overall()
    assert overall['mAP'] == pytest.approx(targets.mean())
    assert overall['mAP'] == pytest.approx(overall['mAP_chance'])
    assert overall['accuracy'] == pytest.approx(1 - targets.mean())
    assert overall['accuracy'] == overall['accuracy_all_negative']
    assert overall['AUROC'] == overall['mA'] == 0.5
    assert overall['OF1'] == overall['CF1'] == 0


def test_random_scores_have_about_chance():
    rng = np.random.default_rng(1)
    targets = rng.random((4000, 20)) < rng.uniform(0.1, 0.6, 20)
    data = attribute_scores(rng.random(targets.shape), targets)
    overall = summarise_attributes(data).overall()
    assert overall['mAP'] == pytest.approx(overall['mAP_chance'], abs=0.01)


def test_perfect_scores_are_one():
    rng = np.random.default_rng(2)
    targets = rng.random((50, 20)) < 0.3
    data = attribute_scores(targets.astype(float), targets)
    overall = summarise_attributes(data, 15, np.ones(20)).overall()
    for key in ('mAP', 'AUROC', 'OF1', 'CF1', 'mA', 'accuracy'):
        assert overall[key] == 1
    assert overall['CF1_calibrated'] == overall['mR@15'] == 1
    assert overall['mAP_chance'] < 0.4


@pytest.mark.parametrize('seed', SEEDS)
def test_of_samples_not_found_nothing_is_predicted(seed):
    scores, targets, mask = draw(seed)
    found = np.random.default_rng(seed).random(len(scores)) < 0.6
    scores[~found] = 0
    data = attribute_scores(scores, targets, mask, found)
    present = np.where(mask, targets, 0) == 1
    alone = attribute_scores(scores[found], targets[found], mask[found])
    for count, rule in (
        (count_in_top, 3),
        (count_at_thresholds, 0.5),
        (count_at_thresholds, 0.0),
    ):
        counts, reached = count(data, rule), count(alone, rule)
        np.testing.assert_array_equal(counts.tp, reached.tp)
        np.testing.assert_array_equal(counts.fp, reached.fp)
        np.testing.assert_array_equal(counts.tp + counts.fn, present.sum(0))
    # the best threshold of all the scores that samples found have
    thresholds, best = best_thresholds(data)
    for index, (threshold, f1) in enumerate(
        zip(thresholds, best, strict=True)
    ):
        if not (present[:, index] & found).any():
            assert np.isnan(threshold) and np.isnan(f1)
            continue
        tried = np.unique(scores[mask[:, index] & found, index])
        reached = [count_at_thresholds(data, t).f1[index] for t in tried]
        assert f1 == pytest.approx(max(reached))
        again = count_at_thresholds(data, threshold).f1[index]
        assert again == pytest.approx(f1)


def test_nothing_known_is_undefined():
    data = attribute_scores(
        np.full((3, 20), 0.5), np.zeros((3, 20)), np.zeros((3, 20), bool)
    )
    overall = summarise_attributes(data).overall()
    assert np.isnan(list(overall.values())).all()
    assert np.isnan(best_thresholds(data)[0]).all()


def test_no_samples_are_undefined():
    empty = np.zeros((0, 20))
    overall = summarise_attributes(attribute_scores(empty, empty)).overall()
    assert np.isnan(list(overall.values())).all()


def test_one_sample():
    scores = np.array([[0.9, 0.8, 0.1]])
    data = attribute_scores(scores, np.array([[1, 0, 0]]))
    overall = summarise_attributes(data, topk=1).overall()
    assert overall['mAP'] == overall['mAP_chance'] == 1
    assert np.isnan(overall['AUROC']) and np.isnan(overall['mA'])
    assert overall['accuracy'] == pytest.approx(2 / 3)
    assert overall['mR@1'] == overall['F1@1'] == 1


def test_thirds_hold_every_attribute_with_positives_once():
    thirds = frequency_thirds(np.array([0, 5, 9, 1, 5, 2, 0, 3, 7]))
    assert {name: list(part) for name, part in thirds.items()} == dict(
        head=[2, 8, 1], medium=[4, 7], tail=[5, 3]
    )


@pytest.mark.parametrize('value', [np.nan, np.inf, -0.01, 1.5])
def test_scores_out_of_range_are_refused(value):
    scores = np.full((2, 3), 0.5)
    scores[1, 2] = value
    message = f'0 to 1, found {value} at sample 1, attribute 2, and 1 such'
    with pytest.raises(InputError, match=message):
        attribute_scores(scores, np.zeros((2, 3)))


@pytest.mark.parametrize('value', [np.nan, 0.3, -1, 2])
def test_targets_other_than_0_and_1_are_refused_where_known(value):
    targets = np.zeros((2, 3))
    targets[0, 1] = value
    with pytest.raises(InputError, match='0 or 1, found .* attribute 1'):
        attribute_scores(np.zeros((2, 3)), targets)
    mask = targets == 0
    assert not attribute_scores(np.zeros((2, 3)), targets, mask).targets.any()


def test_shapes_and_masks_have_to_fit():
    with pytest.raises(InputError, match=r'\(2, 3\), \(2, 4\) and \(2, 4\)'):
        attribute_scores(np.zeros((2, 3)), np.zeros((2, 4)))
    with pytest.raises(InputError, match='expected bool, .*found float64'):
        attribute_scores(*[np.zeros((2, 3))] * 3)


@pytest.mark.parametrize('k', [0, 3, 15])
def test_top_k_of_all_attributes_is_refused(k):
    data = attribute_scores(np.zeros((2, 3)), np.zeros((2, 3)))
    with pytest.raises(InputError, match=f'1 to 2 for 3 .*found {k}'):
        count_in_top(data, k)
