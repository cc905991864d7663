from collections import Counter

import numpy as np
import pytest

from mmvision_ext.evaluation.functional import (
    ErrorType,
    detection_confusion_matrix,
    detection_errors,
    record_iou,
)

A, B, FAR = [0, 0, 20, 20], [40, 0, 60, 20], [60, 40, 90, 70]
NEAR_A = [0, 10, 20, 40]  # overlaps A by a quarter


def brute_force_matrix(records, kind, iou_thr, score_thr):
    """The documented matching, one detection at a time."""
    counts = Counter()
    for record in records:
        truth, part = record.truth, record.detections
        overlaps = record_iou(record, kind)
        free = [j for j in range(len(truth.labels)) if not truth.ignored[j]]
        ranks = np.argsort(-part.scores, kind='stable')
        for i in ranks:
            if part.scores[i] < score_thr:
                continue
            on = [j for j in free if overlaps[i, j] >= iou_thr]
            own = [j for j in on if truth.labels[j] == part.labels[i]]
            if on:
                best = max(own or on, key=lambda j: overlaps[i, j])
                free.remove(best)
                counts[truth.labels[best], part.labels[i]] += 1
            elif not any(
                truth.ignored[j] and overlaps[i, j] >= iou_thr
                for j in range(len(truth.labels))
            ):
                counts[4, part.labels[i]] += 1
        for j in free:
            counts[truth.labels[j], 4] += 1
    matrix = np.zeros((5, 5), int)
    for (row, col), count in counts.items():
        matrix[row, col] = count
    return matrix


@pytest.mark.parametrize('kind', ['bbox', 'segm'])
@pytest.mark.parametrize(('iou_thr', 'score_thr'), [(0.5, 0.3), (0.3, 0.0)])
def test_matrix_equals_brute_force(random_records, kind, iou_thr, score_thr):
    records = random_records(100, seed=3)
    matrix = detection_confusion_matrix(records, 4, kind, iou_thr, score_thr)
    expected = brute_force_matrix(records, kind, iou_thr, score_thr)
    off_diagonal = expected[:3, :3].sum() - np.trace(expected[:3, :3])
    assert off_diagonal > 3 and expected[4].any() and expected[:, 4].any()
    np.testing.assert_array_equal(matrix, expected)
    valid = sum(int((~r.truth.ignored).sum()) for r in records)
    assert matrix[:4].sum() == valid


def test_matrix_of_matched_objects_is_that_of_their_labels(make_record):
    rng = np.random.default_rng(0)
    truth, guess = rng.integers(0, 3, (2, 90))
    records = [
        make_record([(A, a), (B, b)], [(A, c, 0.9), (B, d, 0.8)])
        for a, b, c, d in zip(
            truth[:45], truth[45:], guess[:45], guess[45:], strict=True
        )
    ]
    expected = [
        [((truth == row) & (guess == col)).sum() for col in range(3)]
        for row in range(3)
    ]
    matrix = detection_confusion_matrix(records, 3)
    np.testing.assert_array_equal(matrix[:3, :3], expected)
    assert matrix.sum() == 90


def test_matrix_prefers_the_own_class_of_overlapping_objects(make_record):
    rider, horse = [0, 0, 20, 20], [0, 2, 20, 22]
    record = make_record(
        [(rider, 0), (horse, 1)], [(rider, 1, 0.9), (horse, 0, 0.8)]
    )
    np.testing.assert_array_equal(
        detection_confusion_matrix([record], 2), np.diag([1, 1, 0])
    )


@pytest.mark.parametrize(
    ('gt', 'found', 'entries'),
    [
        ([], [], {}),
        ([(A, 0)], [], {(0, 2): 1}),
        ([], [(A, 1, 0.9)], {(2, 1): 1}),
        ([(A, 0)], [(A, 0, 0.2)], {(0, 2): 1}),
        ([(A, 0)], [(A, 0, 0.9), (A, 0, 0.8)], {(0, 0): 1, (2, 0): 1}),
        ([(A, 0, True)], [(A, 1, 0.9), (FAR, 1, 0.8)], {(2, 1): 1}),
        ([(A, 0, True)], [], {}),
    ],
)
def test_matrix_of_small_cases(make_record, gt, found, entries):
    matrix = detection_confusion_matrix([make_record(gt, found)], 2)
    rows, cols = np.nonzero(matrix)
    assert {
        (r, c): matrix[r, c] for r, c in zip(rows, cols, strict=True)
    } == entries


@pytest.mark.parametrize(
    ('gt', 'found', 'expected'),
    [
        ([], [], []),
        ([(A, 0)], [(A, 0, 0.9)], []),
        ([(A, 0)], [], [('missed', 0, None, 0)]),
        ([(A, 0)], [(A, 0, 0.2)], [('missed', 0, None, 0)]),
        ([(A, 0)], [(A, 0, 0.8), (A, 0, 0.9)], [('duplicate', 0, 0, 1)]),
        (
            [(B, 1), (A, 0)],
            [(A, 1, 0.9), (B, 1, 0.8)],
            [('confusion', 1, 0, 1)],
        ),
        ([(A, 0)], [(A, 1, 0.9), (A, 0, 0.8)], [('confusion', 0, 0, 1)]),
        ([(A, 0)], [(NEAR_A, 0, 0.9)], [('localisation', 0, 0, 0.25)]),
        (
            [(A, 0)],
            [(A, 0, 0.9), (NEAR_A, 0, 0.8)],
            [('localisation', 0, 1, 0.25)],
        ),
        (
            [(A, 0)],
            [(NEAR_A, 1, 0.9)],
            [('background', None, 0, 0), ('missed', 0, None, 0)],
        ),
        (
            [(A, 0)],
            [(FAR, 0, 0.9)],
            [('background', None, 0, 0), ('missed', 0, None, 0)],
        ),
        ([], [(A, 0, 0.9)], [('background', None, 0, 0)]),
        ([(A, 0, True)], [(A, 0, 0.9), (A, 1, 0.8)], []),
        ([(A, 0, True)], [(NEAR_A, 0, 0.9)], [('background', None, 0, 0)]),
        ([(A, 0, True)], [], []),
    ],
)
def test_errors_by_hand(make_record, gt, found, expected):
    errors = detection_errors([make_record(gt, found, img_id=42)])
    assert [
        (e.type.value, e.object_index, e.detection_index, pytest.approx(e.iou))
        for e in errors
    ] == expected
    assert {error.img_id for error in errors} <= {42}


@pytest.mark.parametrize('kind', ['bbox', 'segm'])
def test_each_object_and_detection_is_accounted_for_once(random_records, kind):
    records = random_records(60, seed=5)
    errors = detection_errors(records, kind, score_thr=0.2)
    seen = Counter(error.type for error in errors)
    assert set(seen) == set(ErrorType)
    for record in records:
        own = [e for e in errors if e.img_id == record.img_id]
        overlaps = record_iou(record, kind)
        wrong = [e.detection_index for e in own if e.type != ErrorType.MISSED]
        assert len(wrong) == len(set(wrong))
        covered = (overlaps[:, record.truth.ignored] >= 0.5).any(axis=1)
        judged = record.detections.scores >= 0.2
        hits = [i for i in np.flatnonzero(judged & ~covered) if i not in wrong]
        for i in hits:  # what is no error lies on an object of its class
            same = record.truth.labels == record.detections.labels[i]
            assert (overlaps[i, same & ~record.truth.ignored] >= 0.5).any()
        missed = {e.object_index for e in own if e.type == ErrorType.MISSED}
        named = {e.object_index for e in own if e.type != ErrorType.MISSED}
        assert not missed & named
        assert not record.truth.ignored[list(missed)].any()


def test_thresholds_in_the_wrong_order_are_refused():
    with pytest.raises(ValueError, match='near_thr=0.5 and iou_thr=0.5'):
        detection_errors([], near_thr=0.5)
