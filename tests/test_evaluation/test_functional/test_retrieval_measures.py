"""Retrieval measures against every order written out, and scikit-learn."""

import itertools

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from mmvision_ext.evaluation.functional import retrieval
from mmvision_ext.evaluation.functional.retrieval import (
    measure_retrieval,
    pair_relevance,
)

TOPK = (1, 2, 3, 5)
INF = np.inf


def ordered(relevant):
    """Recall@k and average precision of one query's relevance in order."""
    places = np.flatnonzero(relevant) + 1
    recall = [float(places[0] <= k) for k in TOPK]
    return [*recall, np.mean(np.arange(1, len(places) + 1) / places)]


def brute(similarity, relevant, known):
    """Every order of every query that the similarities allow."""
    rows = []
    for scores, answers, mask in zip(similarity, relevant, known, strict=True):
        scores, answers = scores[mask], answers[mask]
        if not answers.any():
            continue
        orders = [
            ordered(answers[list(order)])
            for order in itertools.permutations(range(len(scores)))
            if all(
                scores[a] >= scores[b] for a, b in itertools.pairwise(order)
            )
        ]
        rows.append(np.mean(orders, axis=0))
    return np.mean(rows, axis=0), len(rows)


@pytest.mark.parametrize('seed', range(6))
def test_every_order_with_ties_masks_and_negatives(seed):
    rng = np.random.default_rng(seed)
    similarity = rng.choice([-INF, -2.5, -1, -0.5, 0, INF], (5, 6))
    relevant = rng.random((5, 6)) < 0.4
    known = rng.random((5, 6)) < 0.8
    relevant[0] = False
    expected, count = brute(similarity, relevant, known)
    found = measure_retrieval(similarity, relevant, known, TOPK)
    assert [*found.recall.values(), found.mean_ap] == pytest.approx(expected)
    assert (found.num_queries, found.num_left_out) == (count, 5 - count)

    expected, _ = brute(0 * np.ones((5, 6)), relevant, known)
    values = [*found.recall_chance.values(), found.mean_ap_chance]
    assert values == pytest.approx(expected)


def test_scikit_learn_without_ties():
    rng = np.random.default_rng(0)
    similarity = -rng.random((40, 60)) - 1
    relevant = rng.random((40, 60)) < 0.1
    known = rng.random((40, 60)) < 0.7
    found = measure_retrieval(similarity, relevant, known)
    expected = [
        average_precision_score(answers[mask], scores[mask])
        for scores, answers, mask in zip(
            similarity, relevant, known, strict=True
        )
        if (answers & mask).any()
    ]
    assert found.mean_ap == pytest.approx(np.mean(expected), abs=1e-12)
    assert found.num_queries == len(expected)


def test_chance_is_the_mean_of_random_orders():
    rng = np.random.default_rng(1)
    relevant = rng.random((8, 30)) < np.linspace(0.02, 0.5, 8)[:, None]
    relevant[:, 0] = True
    many = np.tile(relevant, (3000, 1))
    drawn = measure_retrieval(rng.random(many.shape), many)
    chance = measure_retrieval(rng.random((8, 30)), relevant)
    for k, value in chance.recall_chance.items():
        assert drawn.recall[k] == pytest.approx(value, abs=0.01)
    assert drawn.mean_ap == pytest.approx(chance.mean_ap_chance, abs=0.005)
    assert drawn.median_rank == chance.median_rank_chance


def test_constant_similarity_has_what_chance_has():
    rng = np.random.default_rng(2)
    relevant = rng.random((20, 50)) < 0.1
    found = measure_retrieval(np.full((20, 50), -3.0), relevant)
    assert found.recall == found.recall_chance
    assert found.median_rank == found.median_rank_chance
    assert found.mean_ap == pytest.approx(found.mean_ap_chance, abs=1e-14)


def test_median_rank_is_that_of_the_ranks():
    rng = np.random.default_rng(3)
    for count in (1, 2, 7, 8):
        similarity = rng.standard_normal((count, 40))
        relevant = np.zeros((count, 40), bool)
        relevant[:, :2] = True
        best = similarity[:, :2].max(axis=1, keepdims=True)
        ranks = np.sort((similarity > best).sum(axis=1) + 1)
        found = measure_retrieval(similarity, relevant)
        assert found.median_rank == ranks[(count - 1) // 2]


def test_all_negative_similarities_rank_as_shifted_ones():
    rng = np.random.default_rng(4)
    similarity = rng.random((10, 20))
    relevant = rng.random((10, 20)) < 0.2
    known = rng.random((10, 20)) < 0.5
    assert measure_retrieval(similarity - 5, relevant, known) == (
        measure_retrieval(similarity, relevant, known)
    )


def test_order_of_candidates_changes_nothing():
    rng = np.random.default_rng(5)
    similarity = rng.integers(-2, 2, (9, 25)).astype(float)
    relevant = rng.random((9, 25)) < 0.2
    order = rng.permutation(25)
    first = measure_retrieval(similarity, relevant)
    again = measure_retrieval(similarity[:, order], relevant[:, order])
    assert first == again


def test_blocks_change_nothing(monkeypatch):
    rng = np.random.default_rng(6)
    similarity = rng.integers(-4, 4, (30, 12)).astype(float)
    relevant = rng.random((30, 12)) < 0.2
    whole = measure_retrieval(similarity, relevant)
    monkeypatch.setattr(retrieval, 'BLOCK', 40)
    assert measure_retrieval(similarity, relevant) == whole


def test_texts_of_images_in_both_directions():
    similarity = np.array(
        [[-0.1, -0.9, -0.5], [-0.8, -0.2, -0.1], [-0.9, -0.8, -0.7]]
    )
    relevant = pair_relevance(np.array([0, 0, 1]), 3)
    texts = measure_retrieval(similarity, relevant, topk=(1,))
    assert (texts.recall[1], texts.num_left_out) == (1.0, 1)
    assert texts.mean_ap == pytest.approx(((1 + 2 / 3) / 2 + 1) / 2)
    images = measure_retrieval(similarity.T, relevant.T, topk=(1,))
    assert images.recall[1] == pytest.approx(2 / 3)
    assert images.mean_ap == pytest.approx((1 + 1 / 3 + 1) / 3)


@pytest.mark.parametrize('shape', [(0, 4), (3, 4), (3, 0)])
def test_no_query_with_a_relevant_candidate(shape):
    found = measure_retrieval(np.zeros(shape), np.zeros(shape, bool))
    assert (found.num_queries, found.num_left_out) == (0, shape[0])
    assert np.isnan([found.mean_ap, found.median_rank, found.recall[1]]).all()


def test_every_candidate_relevant_and_few_candidates():
    found = measure_retrieval(np.zeros((2, 3)), np.ones((2, 3), bool))
    assert found.mean_ap == found.mean_ap_chance == 1.0
    assert found.recall == found.recall_chance == {1: 1.0, 5: 1.0, 10: 1.0}


def test_refusals():
    scores, answers = np.zeros((2, 3)), np.ones((2, 3), bool)
    with pytest.raises(ValueError, match=r'one shape \(Q, N\)'):
        measure_retrieval(scores, answers[:1])
    with pytest.raises(ValueError, match='1 nan'):
        measure_retrieval(np.array([[np.nan, 0, 0]]), answers[:1])
    with pytest.raises(ValueError, match='k from 1'):
        measure_retrieval(scores, answers, topk=(0,))
    with pytest.raises(ValueError, match='from 0 to 1, found 0 to 2'):
        pair_relevance(np.array([0, 2]), 2)
