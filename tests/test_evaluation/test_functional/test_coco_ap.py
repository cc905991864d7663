import contextlib
import io

import numpy as np
import pytest
from pycocotools import mask as mask_utils
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from mmvision_ext.evaluation.functional import (
    Detections,
    GroundTruth,
    coco_average_precision,
    voc_average_precision,
)
from mmvision_ext.evaluation.functional.coco_ap import coco_ground_truth

NAMES = ['ant', 'bee', 'cat', 'dog']
A, B = [0, 0, 20, 20], [40, 0, 60, 20]
MEANS = ['ap', 'ap50', 'ap75', 'ap_small', 'ap_medium', 'ap_large']


def reference(records, kind):
    """Official evaluator with its own summary, on separately built files."""
    images, objects, found = [], [], []
    for record in records:
        images.append(dict(id=record.img_id, height=72, width=96))
        truth = record.truth
        for box, label, ignored, mask in zip(
            truth.boxes.astype(float),
            truth.labels,
            truth.ignored,
            truth.masks,
            strict=True,
        ):
            x1, y1, x2, y2 = box
            objects.append(
                dict(
                    id=len(objects) + 1,
                    image_id=record.img_id,
                    category_id=int(label),
                    bbox=[x1, y1, x2 - x1, y2 - y1],
                    segmentation=mask,
                    area=int(mask_utils.decode(mask).sum()),
                    iscrowd=int(ignored),
                )
            )
        part = record.detections
        for box, label, score, mask in zip(
            part.boxes.astype(float),
            part.labels,
            part.scores,
            part.masks,
            strict=True,
        ):
            x1, y1, x2, y2 = box
            entry = dict(
                image_id=record.img_id,
                category_id=int(label),
                score=float(score),
            )
            if kind == 'segm':
                entry['segmentation'] = mask
            else:
                entry['bbox'] = [x1, y1, x2 - x1, y2 - y1]
            found.append(entry)
    coco = COCO()
    coco.dataset = dict(
        images=images,
        annotations=objects,
        categories=[dict(id=i, name=name) for i, name in enumerate(NAMES)],
    )
    with contextlib.redirect_stdout(io.StringIO()):
        coco.createIndex()
        evaluator = COCOeval(coco, coco.loadRes(found), kind)
        evaluator.evaluate()
        evaluator.accumulate()
        evaluator.summarize()
    means = np.where(evaluator.stats[:6] < 0, np.nan, evaluator.stats[:6])
    curves = evaluator.eval['precision'][:, :, :, 0, 2]
    curves = np.where(curves < 0, np.nan, curves)
    return (
        means,
        [curves[:, :, k].mean() for k in range(4)],
        [curves[0, :, k].mean() for k in range(4)],
    )


@pytest.mark.parametrize('backend', ['faster_coco_eval', 'pycocotools'])
@pytest.mark.parametrize('kind', ['bbox', 'segm'])
@pytest.mark.parametrize('seed', [0, 1])
def test_equals_the_official_summary(random_records, backend, kind, seed):
    records = random_records(40, seed, crowds='all')
    means, class_ap, class_ap50 = reference(records, kind)
    assert 0.05 < means[0] < means[1] < 0.95 and means[3] > 0
    result = coco_average_precision(records, NAMES, kind, backend)
    np.testing.assert_allclose(
        [getattr(result, key) for key in MEANS], means, atol=1e-9
    )
    np.testing.assert_allclose(result.class_ap, class_ap, atol=1e-9)
    np.testing.assert_allclose(result.class_ap50, class_ap50, atol=1e-9)
    valid = sum(int((~r.truth.ignored).sum()) for r in records)
    assert result.num_gt.sum() == valid and result.num_gt[3] == 0


def overlap(record, kind, detection, index):
    """Of one detection with one object: over the detection for crowds."""
    if kind == 'segm':
        found, wanted = (
            mask_utils.decode(part.masks[number]).astype(bool)
            for part, number in (
                (record.detections, detection),
                (record.truth, index),
            )
        )
        inside, size = (found & wanted).sum(), found.sum()
        union = (found | wanted).sum()
    else:
        found = record.detections.boxes[detection].astype(float)
        wanted = record.truth.boxes[index].astype(float)
        sides = np.minimum(found, wanted)[2:] - np.maximum(found, wanted)[:2]
        inside = np.clip(sides, 0, None).prod()
        size = (found[2:] - found[:2]).prod()
        union = size + (wanted[2:] - wanted[:2]).prod() - inside
    return inside / max(size if record.truth.crowds[index] else union, 1e-9)


def judged(record, kind, label, threshold):
    """(score, hit) of each detection of a class that counts."""
    truth, found = record.truth, record.detections
    taken = set()
    order = np.argsort(-found.scores, kind='stable')
    for detection in order[found.labels[order] == label]:
        near = {
            index: value
            for index in np.flatnonzero(truth.labels == label)
            if (value := overlap(record, kind, detection, index)) >= threshold
        }
        free = [i for i in near if not truth.ignored[i] and i not in taken]
        if free:
            taken.add(max(free, key=lambda index: (near[index], index)))
        if free or not any(truth.ignored[index] for index in near):
            yield found.scores[detection], bool(free)


def brute_force(records, kind, label, threshold):
    """Average precision of one class, step by step."""
    total = sum(
        ((r.truth.labels == label) & ~r.truth.ignored).sum() for r in records
    )
    if not total:
        return np.nan
    pairs = [p for r in records for p in judged(r, kind, label, threshold)]
    hits = np.array([hit for _, hit in sorted(pairs, key=lambda p: -p[0])])
    recall = hits.cumsum() / total
    precision = hits.cumsum() / np.arange(1, len(hits) + 1)
    return np.mean(
        [
            precision[recall >= point].max(initial=0)
            for point in np.linspace(0, 1, 101)
        ]
    )


@pytest.mark.parametrize('backend', ['faster_coco_eval', 'pycocotools'])
@pytest.mark.parametrize('kind', ['bbox', 'segm'])
@pytest.mark.parametrize('crowds', ['none', 'some'])
def test_equals_brute_force(random_records, backend, kind, crowds):
    records = random_records(25, 2, crowds=crowds)
    assert sum(r.truth.ignored.sum() for r in records) > 5
    result = coco_average_precision(records, NAMES, kind, backend)
    expected = [brute_force(records, kind, k, 0.5) for k in range(4)]
    assert 0.05 < np.nanmean(expected) < 0.95
    np.testing.assert_allclose(result.class_ap50, expected, atol=1e-9)
    assert result.ap75 == pytest.approx(
        np.nanmean([brute_force(records, kind, k, 0.75) for k in range(4)])
    )


@pytest.mark.parametrize('backend', ['faster_coco_eval', 'pycocotools'])
@pytest.mark.parametrize('kind', ['bbox', 'segm'])
@pytest.mark.parametrize(('ignored', 'expected'), [(True, 0.1), ('crowd', 1)])
def test_only_a_crowd_forgives_false_alarms_inside(
    make_record, backend, kind, ignored, expected
):
    false = [
        ([x, y, x + 8, y + 8], 0, 0.9)
        for x in (14, 24, 34)
        for y in (14, 24, 34)
    ]
    record = make_record(
        [([0, 0, 60, 60], 0, ignored), ([64, 0, 90, 20], 0)],
        [*false, ([64, 0, 90, 20], 0, 0.5)],
    )
    result = coco_average_precision([record], NAMES, kind, backend)
    assert result.ap50 == pytest.approx(expected)
    if ignored is True:
        voc = voc_average_precision([record], len(NAMES), kind)
        assert voc.mean_ap == pytest.approx(expected)


@pytest.mark.parametrize('backend', ['faster_coco_eval', 'pycocotools'])
@pytest.mark.parametrize('kind', ['bbox', 'segm'])
def test_only_the_best_hundred_detections_count(make_record, backend, kind):
    rng = np.random.default_rng(0)
    boxes = rng.uniform(0, 40, (150, 2))
    boxes = np.hstack([boxes, boxes + rng.uniform(10, 30, (150, 2))])
    found = [
        (box, 0, score)
        for box, score in zip(boxes, rng.random(150), strict=True)
    ]
    record = make_record([(box, 0) for box in boxes[::7]], found)
    result = coco_average_precision([record], NAMES, kind, backend)
    means, _, _ = reference([record], kind)
    assert 0.01 < means[0] < 0.99
    np.testing.assert_allclose(
        [getattr(result, key) for key in MEANS], means, atol=1e-9
    )


@pytest.mark.parametrize('backend', ['faster_coco_eval', 'pycocotools'])
@pytest.mark.parametrize('kind', ['bbox', 'segm'])
@pytest.mark.parametrize(
    ('gt', 'found', 'expected'),
    [
        ([(A, 0)], [(A, 0, 0.9)], 1),
        ([(A, 0)], [(B, 0, 0.9)], 0),
        ([(A, 0)], [], 0),
        ([], [(A, 0, 0.9)], np.nan),
        ([], [], np.nan),
        ([(A, 0, True)], [(A, 0, 0.9), (B, 0, 0.8)], np.nan),
        ([(A, 0, True), (B, 0)], [(A, 0, 0.9), (A, 0, 0.8), (B, 0, 0.7)], 1),
    ],
)
def test_small_cases(make_record, backend, kind, gt, found, expected):
    records = [make_record(gt, found), make_record(img_id=1)]
    result = coco_average_precision(records, NAMES[:2], kind, backend)
    np.testing.assert_allclose(
        [result.ap, result.ap50, result.ap75, result.ap_small], expected
    )
    np.testing.assert_allclose(result.class_ap, [expected, np.nan])
    assert np.isnan(result.ap_medium) and np.isnan(result.ap_large)


@pytest.mark.parametrize('backend', ['faster_coco_eval', 'pycocotools'])
def test_no_images(backend):
    result = coco_average_precision([], NAMES, 'bbox', backend)
    assert np.isnan(result.ap) and np.isnan(result.class_ap).all()


def test_area_is_the_masks_where_there_is_one(make_record):
    record = make_record([([0, 0, 40, 40], 0)])
    truth = record.truth
    boxes_only = GroundTruth(truth.boxes, truth.labels, truth.ignored)
    areas = []
    for part in (truth, boxes_only):
        image = type(record)(0, 72, 96, part, record.detections)
        areas.append(
            coco_ground_truth([image], NAMES)['annotations'][0]['area']
        )
    assert areas == [mask_utils.decode(truth.masks[0]).sum(), 1600]
    assert areas[0] < areas[1]


def test_boxes_alone_evaluate_boxes_and_refuse_masks(make_record):
    record = make_record([(A, 0)], [(A, 0, 0.9)])
    truth, part = record.truth, record.detections
    boxes_only = type(record)(
        7,
        72,
        96,
        GroundTruth(truth.boxes, truth.labels, truth.ignored),
        Detections(part.boxes, part.scores, part.labels),
    )
    assert coco_average_precision([boxes_only], NAMES).ap == 1
    with pytest.raises(ValueError, match='image 7 has none'):
        coco_average_precision([boxes_only], NAMES, 'segm')


def test_unknown_backend_is_refused():
    with pytest.raises(ValueError, match="'pycocotools'.*'slow'"):
        coco_average_precision([], NAMES, backend='slow')
