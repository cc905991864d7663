import numpy as np
import pytest
from sklearn.metrics import (
    balanced_accuracy_score,
    recall_score,
    top_k_accuracy_score,
)

from mmvision_ext.evaluation.functional.classification import (
    label_ranks,
    per_class_accuracy,
    top_k_accuracy,
)
from mmvision_ext.utils import InputError


@pytest.fixture(params=range(4))
def drawn(request):
    """Scores (N, C) that are right about half the time, labels (N,)."""
    rng = np.random.default_rng(request.param)
    num_classes = int(rng.integers(6, 12))
    labels = np.arange(80) % num_classes
    rng.shuffle(labels)
    scores = rng.normal(size=(80, num_classes))
    scores[np.arange(80), labels] += 1.2
    return scores, labels


@pytest.mark.parametrize('k', [1, 2, 5])
def test_top_k_equals_scikit_learn(drawn, k):
    scores, labels = drawn
    found = top_k_accuracy(label_ranks(scores, labels), k, scores.shape[1])
    assert found == pytest.approx(top_k_accuracy_score(labels, scores, k=k))
    assert 0 < found < 1


def test_per_class_equals_scikit_learn(drawn):
    scores, labels = drawn
    found = per_class_accuracy(
        label_ranks(scores, labels), labels, scores.shape[1]
    )
    predicted = scores.argmax(1)
    np.testing.assert_allclose(
        found, recall_score(labels, predicted, average=None)
    )
    assert found.mean() == pytest.approx(
        balanced_accuracy_score(labels, predicted)
    )


def test_a_class_without_images_is_nan():
    ranks = np.array([0, 1, 0])
    found = per_class_accuracy(ranks, np.array([0, 0, 2]), 4)
    np.testing.assert_array_equal(found, [0.5, np.nan, 1, np.nan])


def test_of_equal_scores_the_lower_index_comes_first():
    scores = np.ones((4, 4))
    ranks = label_ranks(scores, np.arange(4))
    np.testing.assert_array_equal(ranks, [0, 1, 2, 3])
    np.testing.assert_array_equal(ranks == 0, scores.argmax(1) == range(4))


@pytest.mark.parametrize('value', [np.nan, np.inf, -np.inf])
def test_scores_that_are_no_numbers_are_wrong(value):
    scores = np.array([[3.0, 2, 1], [3, 2, 1]])
    scores[1, 0] = value
    np.testing.assert_array_equal(
        label_ranks(scores, np.array([0, 0])), [0, 2]
    )


def test_no_images():
    assert np.isnan(top_k_accuracy(np.array([], int), 1, 3))


@pytest.mark.parametrize('k', [0, 3, 5])
def test_k_has_to_say_something(k):
    with pytest.raises(InputError, match=f'1 to 2 for 3 classes, found {k}'):
        top_k_accuracy(np.array([0, 1]), k, 3)


def test_accuracy_of_one_class_is_refused():
    with pytest.raises(InputError, match='two classes or more, found 1; set'):
        top_k_accuracy(np.array([0]), 1, 1)
