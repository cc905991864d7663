"""DetectionAttributeMetric on boxes drawn by hand."""

import json

import numpy as np
import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.registry import METRICS
from mmengine.structures import InstanceData
from sklearn.metrics import average_precision_score

from mmvision_ext.evaluation.metrics import (
    AttributeMetric,
    DetectionAttributeMetric,
)
from mmvision_ext.utils import InputError

NAMES = ('red', 'round', 'wood', 'wet')
META = dict(
    classes=('cat', 'dog'),
    attributes=NAMES,
    attribute_groups=dict(look=('red', 'round'), matter=('wood',)),
    protocol='test split',
)
IMAGES, OBJECTS = 12, 3


def draw(missing=0.0, seed=0):
    """Images with three objects each, of which a share is not detected.

    Returns the samples, and of all objects scores, targets, mask and whether
    it was detected.
    """
    rng = np.random.default_rng(seed)
    samples, parts = [], []
    for index in range(IMAGES):
        boxes = torch.tensor(
            [[30.0 * i, 0, 30 * i + 20, 20] for i in range(3)]
        )
        labels = torch.tensor([0, 1, index % 2])
        targets = rng.random((OBJECTS, 4)) < 0.4
        mask = rng.random((OBJECTS, 4)) < 0.8
        scores = (rng.random((OBJECTS, 4)) * 0.7 + 0.3 * targets).round(2)
        found = rng.random(OBJECTS) >= missing
        order = rng.permutation(np.flatnonzero(found))
        sample = DetDataSample(
            metainfo=dict(
                img_id=index,
                img_path=f'/data/test/{index}.jpg',
                ori_shape=(40, 100),
            )
        )
        sample.gt_instances = InstanceData(
            bboxes=boxes,
            labels=labels,
            attributes=torch.tensor(targets).float(),
            attribute_mask=torch.tensor(mask),
            ann_ids=torch.arange(OBJECTS) + 10 * index,
        )
        sample.ignored_instances = InstanceData(
            bboxes=torch.zeros(0, 4), labels=torch.zeros(0).long()
        )
        # the detections, in any order, and a false alarm above all
        false = torch.tensor([[70.0, 25, 90, 38]])
        sample.pred_instances = InstanceData(
            bboxes=torch.cat([false, boxes[order] + 1]),
            labels=torch.cat([labels[:1], labels[order]]),
            scores=torch.linspace(0.9, 0.1, len(order) + 1),
            attribute_scores=torch.cat(
                [torch.ones(1, 4), torch.tensor(scores[order]).float()]
            ),
        )
        samples.append(sample)
        parts.append((scores * found[:, None], targets, mask, found))
    return samples, *map(np.concatenate, zip(*parts, strict=True))


def run(samples, meta=META, **kwargs):
    metric = DetectionAttributeMetric(**{'topk': 2, **kwargs})
    metric.dataset_meta = meta
    for sample in samples:
        metric.process(None, [sample.to_dict()])
    return metric.evaluate(len(samples))


def mean_ap(scores, targets, mask):
    return 100 * np.mean(
        [
            average_precision_score(t[m], s[m])
            for s, t, m in zip(scores.T, targets.T, mask.T, strict=True)
        ]
    )


def test_registered_under_its_prefix():
    metric = METRICS.build(dict(type='mmvision_ext.DetectionAttributeMetric'))
    assert metric.prefix == 'attributes' and metric.topk == 15


def test_all_found_is_the_metric_of_crops():
    samples, scores, targets, mask, _ = draw()
    results = run(samples)
    crops = AttributeMetric(topk=2)
    crops.dataset_meta = META | dict(classes=NAMES)
    crops.process(
        None,
        [
            dict(
                pred_score=torch.tensor(s),
                gt_score=torch.tensor(t).float(),
                gt_mask=torch.tensor(m),
            )
            for s, t, m in zip(scores, targets, mask, strict=True)
        ],
    )
    for key, value in crops.evaluate(len(scores)).items():
        assert results[key] == pytest.approx(value, nan_ok=True), key
    assert results['attributes/recall'] == 100
    assert results['attributes/mAP_found'] == pytest.approx(
        results['attributes/mAP']
    )


def test_missed_objects_have_the_score_0():
    samples, scores, targets, mask, found = draw(missing=0.4)
    assert 0.4 < found.mean() < 0.8
    results = run(samples)
    expected = mean_ap(scores, targets, mask)
    assert results['attributes/mAP'] == pytest.approx(expected)
    alone = mean_ap(scores[found], targets[found], mask[found])
    assert results['attributes/mAP_found'] == pytest.approx(alone)
    assert results['attributes/recall'] == pytest.approx(100 * found.mean())
    rate = [t[m].mean() for t, m in zip(targets.T, mask.T, strict=True)]
    chance = results['attributes/mAP_chance']
    assert chance == pytest.approx(100 * np.mean(rate))
    decided = ((scores >= 0.5) == targets)[mask].mean()
    assert results['attributes/accuracy'] == pytest.approx(100 * decided)
    assert results['attributes/num_known'] == mask.sum()
    top = np.argsort(-scores, axis=1, kind='stable')[:, :2]
    predicted = np.zeros_like(targets)
    np.put_along_axis(predicted, top, True, axis=1)
    right = predicted & found[:, None] & targets & mask
    recall = right.sum(0) / (targets & mask).sum(0)
    assert results['attributes/mR@2'] == pytest.approx(100 * recall.mean())
    # finding less is never better
    assert results['attributes/mAP'] < run(draw()[0])['attributes/mAP']


def test_nothing_found():
    samples, _, targets, mask, _ = draw(missing=1.0)
    for sample in samples[:6]:
        sample.pred_instances = sample.pred_instances[:0]
    results = run(samples)
    assert results['attributes/recall'] == 0
    assert np.isnan(results['attributes/mAP_found'])
    chance = results['attributes/mAP_chance']
    assert results['attributes/mAP'] == pytest.approx(chance)
    assert results['attributes/CR'] == 0
    assert results['attributes/mR@2'] == results['attributes/F1@2'] == 0


def test_missed_objects_are_predicted_at_no_threshold(tmp_path):
    samples, scores, targets, mask, found = draw(missing=0.4)
    targets[:, 0] = True  # so frequent that to predict all is best
    for sample in samples:
        sample.gt_instances.attributes[:, 0] = 1
    path = tmp_path / 'thresholds.json'
    run(samples[:6], META | dict(protocol='val split'), save_thresholds=path)
    content = json.loads(path.read_text())
    lowest = scores[: 6 * OBJECTS, 0][(found & mask[:, 0])[: 6 * OBJECTS]]
    assert content['thresholds']['red'] == pytest.approx(lowest.min())
    content['thresholds'] = dict.fromkeys(NAMES, 0.0)
    path.write_text(json.dumps(content))
    results = run(samples[6:], thresholds=str(path))
    part = slice(6 * OBJECTS, None)
    known = (targets & mask)[part]
    recall = 100 * (known & found[part, None]).sum() / known.sum()
    assert recall < 90
    assert results['attributes/OR_calibrated'] == pytest.approx(recall)
    nothing = draw(missing=1.0)[0]
    results = run(nothing[6:], thresholds=str(path))
    assert results['attributes/OR_calibrated'] == 0


def test_ignored_objects_do_not_count():
    samples, *_ = draw()
    before = run(samples)
    for sample in samples:
        sample.ignored_instances = InstanceData(
            bboxes=torch.tensor([[70.0, 25, 90, 38]]),
            labels=sample.gt_instances.labels[:1],
        )
    assert run(samples) == pytest.approx(before, nan_ok=True)


def test_images_without_objects():
    samples, *_ = draw()
    before = run(samples)
    empty = samples[0].clone()
    empty.gt_instances = empty.gt_instances[:0]
    assert run([empty, *samples]) == pytest.approx(before, nan_ok=True)
    with pytest.raises(InputError, match='expected samples, found none'):
        run([empty])


def test_thresholds_name_the_objects(tmp_path):
    samples, *_ = draw()
    path = str(tmp_path / 'thresholds.json')
    run(samples[:6], META | dict(protocol='val split'), save_thresholds=path)
    assert 'test/3.jpg#31' in (tmp_path / 'thresholds.json').read_text()
    results = run(samples[6:], thresholds=path)
    assert 'attributes/OF1_calibrated' in results
    with pytest.raises(InputError, match="'test/5.jpg#50' is one of"):
        run(samples[5:], thresholds=path)
    with pytest.raises(InputError, match='expected validation data'):
        run(samples, save_thresholds=path)
    with pytest.raises(InputError, match="chosen on 'val split'"):
        run(samples[6:], META | dict(protocol='val split'), thresholds=path)


def test_tables_name_the_attributes(tmp_path):
    run(draw()[0], out_dir=str(tmp_path))
    assert 'round' in (tmp_path / 'attributes.csv').read_text()


@pytest.mark.parametrize(
    ('part', 'key', 'message'),
    [
        ('gt_instances', 'attributes', 'gt_instances.attributes.*PackDet'),
        ('gt_instances', 'ann_ids', 'gt_instances.ann_ids'),
        ('pred_instances', 'attribute_scores', 'AttributeRoIHead'),
    ],
)
def test_what_is_missing_is_named(part, key, message):
    samples, *_ = draw()
    delattr(samples[0].get(part), key)
    with pytest.raises(InputError, match=f'0.jpg: .*{message}'):
        run(samples)


def test_numbers_that_do_not_fit_are_named():
    samples, *_ = draw()
    with pytest.raises(InputError, match='attribute_head.num_classes=2'):
        run(samples, META | dict(attributes=NAMES[:2]))
    found = samples[0].pred_instances
    found.attribute_scores = found.attribute_scores[:, :3]
    with pytest.raises(InputError, match='of 4 attributes, found 3'):
        run(samples)
    with pytest.raises(InputError, match='iou_thr: .* found 0'):
        DetectionAttributeMetric(iou_thr=0)
