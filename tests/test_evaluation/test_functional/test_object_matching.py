"""Objects and the detections that find them."""

import numpy as np

from mmvision_ext.evaluation.functional import (
    Detections,
    GroundTruth,
    ImageRecord,
)
from mmvision_ext.evaluation.functional.object_matching import match_objects
from mmvision_ext.evaluation.functional.overlaps import box_iou


def record(truth, found):
    """Objects (box, label, ignored), detections (box, label, score)."""
    boxes, labels, ignored = zip(*truth, strict=True) if truth else ((),) * 3
    found_boxes, found_labels, scores = (
        zip(*found, strict=True) if found else ((),) * 3
    )
    return ImageRecord(
        img_id=1,
        height=100,
        width=100,
        truth=GroundTruth(
            np.array(boxes, np.float32).reshape(-1, 4),
            np.array(labels, np.int64),
            np.array(ignored, bool),
        ),
        detections=Detections(
            np.array(found_boxes, np.float32).reshape(-1, 4),
            np.array(scores, np.float32),
            np.array(found_labels, np.int64),
        ),
    )


BOX = (0, 0, 10, 10)


def matched(truth, found, **kwargs):
    return match_objects(record(truth, found), **kwargs).tolist()


def test_class_overlap_and_threshold():
    half = (0, 0, 10, 5)
    assert matched([(BOX, 0, 0)], [(BOX, 0, 0.1)]) == [0]
    assert matched([(BOX, 0, 0)], [(BOX, 1, 0.9)]) == [-1]
    assert matched([(BOX, 0, 0)], [(half, 0, 0.9)]) == [0]
    assert matched([(BOX, 0, 0)], [(half, 0, 0.9)], iou_thr=0.51) == [-1]
    assert matched([(BOX, 0, 0)], [((50, 50, 60, 60), 0, 0.9)]) == [-1]
    assert matched([], [(BOX, 0, 0.9)]) == []
    assert matched([(BOX, 0, 0)], []) == [-1]


def test_the_best_score_chooses_first():
    near = (0, 0, 10, 9)
    # Although the second detection fits better.
    assert matched([(BOX, 0, 0)], [(near, 0, 0.9), (BOX, 0, 0.8)]) == [0]
    assert matched([(BOX, 0, 0)], [(near, 0, 0.8), (BOX, 0, 0.9)]) == [1]
    assert matched([(BOX, 0, 0)], [(near, 0, 0.8), (BOX, 0, 0.8)]) == [0]
    # The first takes what it fits best, the second what is left.
    truth = [(BOX, 0, 0), (near, 0, 0)]
    assert matched(truth, [(near, 0, 0.9), (near, 0, 0.8)]) == [1, 0]


def test_ignored_objects_are_not_found():
    truth = [(BOX, 0, 1), (BOX, 0, 0)]
    assert matched(truth, [(BOX, 0, 0.9), (BOX, 0, 0.8)]) == [-1, 0]


def test_against_brute_force():
    rng = np.random.default_rng(0)
    for _ in range(30):
        corners = rng.uniform(0, 40, (14, 2))
        boxes = np.concatenate([corners, corners + rng.uniform(15, 30, 2)], 1)
        labels = rng.integers(0, 2, 14)
        scores = rng.permutation(9) / 10
        truth = [(boxes[i], labels[i], i == 4) for i in range(5)]
        found = list(zip(boxes[5:], labels[5:], scores, strict=True))
        expected = [-1] * 5
        for index in sorted(range(9), key=lambda i: -scores[i]):
            best, at = 0.5, -1
            for item in range(4):
                overlap = box_iou(boxes[5 + index][None], boxes[[item]])[0, 0]
                same = labels[item] == labels[5 + index]
                if same and expected[item] < 0 and overlap >= best:
                    best, at = overlap, item
            if at >= 0:
                expected[at] = index
        assert matched(truth, found) == expected
