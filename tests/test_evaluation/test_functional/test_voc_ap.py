from fractions import Fraction

import numpy as np
import pytest
from pycocotools import mask as mask_utils

from mmvision_ext.evaluation.functional import (
    average_precision,
    voc_average_precision,
)

A, B, FAR = [0, 0, 20, 20], [40, 0, 60, 20], [60, 40, 90, 70]


def overlap(a, b, kind):
    """IoU of two boxes, or of two bool masks, pixel by pixel."""
    if kind == 'segm':
        union = (a | b).sum()
        return (a & b).sum() / union if union else 0
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0
    inside = width * height
    return inside / (
        (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - inside
    )


def shapes(part, kind):
    if kind == 'segm':
        return [mask_utils.decode(m).astype(bool) for m in part.masks]
    return part.boxes.astype(np.float64).tolist()


def brute_force_ap(records, label, kind, iou_thr, mode):
    """VOC's definition, one detection at a time, in exact fractions."""
    ranked, num_gt = [], 0
    for image, record in enumerate(records):
        truth = record.truth
        num_gt += sum(
            1
            for has, skip in zip(truth.labels, truth.ignored, strict=True)
            if has == label and not skip
        )
        for index, has in enumerate(record.detections.labels):
            if has == label:
                score = float(record.detections.scores[index])
                ranked.append((score, image, index))
    if not num_gt:
        return float('nan')
    ranked.sort(key=lambda entry: -entry[0])  # stable
    taken, curve, hits, alarms = set(), [], 0, 0
    for _, image, index in ranked:
        record = records[image]
        found = shapes(record.detections, kind)[index]
        best, best_overlap = None, -1
        for j, candidate in enumerate(shapes(record.truth, kind)):
            if record.truth.labels[j] != label:
                continue
            value = overlap(found, candidate, kind)
            if value > best_overlap:
                best, best_overlap = j, value
        if best is not None and best_overlap >= iou_thr:
            if record.truth.ignored[best]:
                continue
            if (image, best) in taken:
                alarms += 1
            else:
                taken.add((image, best))
                hits += 1
        else:
            alarms += 1
        curve.append((Fraction(hits, num_gt), Fraction(hits, hits + alarms)))

    def best_precision(recall):
        return max((p for r, p in curve if r >= recall), default=Fraction(0))

    if mode == '11points':
        points = [best_precision(Fraction(k, 10)) for k in range(11)]
        return float(sum(points) / 11)
    steps = [best_precision(Fraction(k, num_gt)) for k in range(1, num_gt + 1)]
    return float(sum(steps) / num_gt)


@pytest.mark.parametrize('mode', ['area', '11points'])
@pytest.mark.parametrize(
    ('kind', 'iou_thr'), [('bbox', 0.5), ('bbox', 0.75), ('segm', 0.5)]
)
@pytest.mark.parametrize('seed', [0, 1])
def test_equals_brute_force(random_records, kind, iou_thr, mode, seed):
    records = random_records(30, seed)
    result = voc_average_precision(records, 4, kind, iou_thr, mode)
    expected = [
        brute_force_ap(records, label, kind, iou_thr, mode)
        for label in range(4)
    ]
    assert np.isnan(expected[3]) and 0.05 < np.nanmean(expected) < 0.95
    np.testing.assert_allclose(result.ap, expected, atol=1e-12)
    assert result.mean_ap == pytest.approx(np.nanmean(expected), abs=1e-12)
    assert result.num_gt[3] == 0
    ignored = sum(int(r.truth.ignored.sum()) for r in records)
    total = sum(len(r.truth.labels) for r in records)
    assert ignored and result.num_gt.sum() == total - ignored


@pytest.mark.parametrize(
    ('hits', 'num_gt', 'area', 'eleven'),
    [
        ([1, 0, 1], 3, 5 / 9, 6 / 11),
        ([1, 1, 1], 10, 3 / 10, 4 / 11),
        ([0, 1], 1, 1 / 2, 1 / 2),
        ([0, 0], 2, 0, 0),
        ([], 4, 0, 0),
        ([1], 1, 1, 1),
    ],
)
def test_average_precision_by_hand(hits, num_gt, area, eleven):
    hits = np.array(hits, dtype=bool)
    assert average_precision(hits, num_gt, 'area') == pytest.approx(area)
    assert average_precision(hits, num_gt, '11points') == pytest.approx(eleven)


def test_average_precision_without_objects_is_undefined():
    assert np.isnan(average_precision(np.array([False]), 0))


@pytest.mark.parametrize('kind', ['bbox', 'segm'])
def test_second_detection_of_an_object_is_a_false_positive(make_record, kind):
    record = make_record(
        [(A, 0), (B, 0)], [(A, 0, 0.9), (A, 0, 0.8), (B, 0, 0.7)]
    )
    result = voc_average_precision([record], 1, kind)
    assert result.mean_ap == pytest.approx(1 / 2 + 1 / 2 * 2 / 3)


def test_second_detection_does_not_take_the_next_best_object(make_record):
    # Both detections overlap A most; VOC leaves the second one without A's
    # neighbour although that overlaps it by more than 0.5 too.
    neighbour = [5, 0, 25, 20]
    record = make_record(
        [(A, 0), (neighbour, 0)], [(A, 0, 0.9), ([1, 0, 21, 20], 0, 0.8)]
    )
    assert voc_average_precision([record], 1).mean_ap == pytest.approx(0.5)


@pytest.mark.parametrize('kind', ['bbox', 'segm'])
def test_detections_of_ignored_objects_count_neither_way(make_record, kind):
    found = [(A, 0, 0.9), (A, 0, 0.8), (B, 0, 0.7)]
    with_ignored = make_record([(A, 0, True), (B, 0)], found)
    assert voc_average_precision([with_ignored], 1, kind).mean_ap == 1
    other_class = make_record([(A, 1, True), (B, 0)], found)
    result = voc_average_precision([other_class], 2, kind)
    np.testing.assert_allclose(result.ap, [1 / 3, np.nan])


def test_class_of_the_detection_must_agree(make_record):
    record = make_record([(A, 0), (B, 1)], [(A, 1, 0.9), (B, 1, 0.8)])
    np.testing.assert_allclose(voc_average_precision([record], 2).ap, [0, 0.5])


def test_object_in_another_image_is_no_hit(make_record):
    records = [make_record([(A, 0)]), make_record([], [(A, 0, 0.9)], 1)]
    assert voc_average_precision(records, 1).mean_ap == 0


def test_overlap_equal_to_the_threshold_is_a_hit(make_record):
    half = [0, 0, 20, 10]
    record = make_record([(A, 0)], [(half, 0, 0.9)])
    assert voc_average_precision([record], 1, iou_thr=0.5).mean_ap == 1
    assert voc_average_precision([record], 1, iou_thr=0.51).mean_ap == 0


@pytest.mark.parametrize('kind', ['bbox', 'segm'])
@pytest.mark.parametrize(
    ('gt', 'found', 'expected'),
    [
        ([(A, 0)], [], 0),
        ([], [(A, 0, 0.9)], np.nan),
        ([(A, 0, True)], [(A, 0, 0.9), (FAR, 0, 0.8)], np.nan),
        ([], [], np.nan),
    ],
)
def test_empty_cases(make_record, kind, gt, found, expected):
    result = voc_average_precision([make_record(gt, found)], 2, kind)
    np.testing.assert_allclose(result.ap, [expected, np.nan])
    np.testing.assert_allclose(result.mean_ap, expected)


def test_no_images():
    result = voc_average_precision([], 3)
    assert np.isnan(result.ap).all() and np.isnan(result.mean_ap)
    assert result.num_gt.tolist() == [0, 0, 0]


def test_unknown_mode_is_refused():
    with pytest.raises(ValueError, match="'area', '11points'.*'12points'"):
        voc_average_precision([], 1, mode='12points')
