import copy
import multiprocessing.dummy

import pytest
from mmdet.evaluation import VOCMetric

from mmvision_ext.evaluation.functional import voc_average_precision
from mmvision_ext.evaluation.metrics import VOCInstanceMetric
from mmvision_ext.utils import InputError

NAMES = ('ant', 'bee', 'cat', 'dog')


def run(metric, samples):
    metric.dataset_meta = dict(classes=NAMES)
    metric.process(None, samples)
    return metric.evaluate(len(samples))


@pytest.mark.parametrize('mode', ['area', '11points'])
def test_keys_and_values(random_records, to_sample, logged, mode):
    records = random_records(20)
    samples = [to_sample(record) for record in records]
    metric = VOCInstanceMetric(iou_thr=0.75, eval_mode=mode)
    results = run(metric, samples)
    expected = {
        f'voc/{kind}_AP75': voc_average_precision(
            records, 4, kind, 0.75, mode
        ).mean_ap
        for kind in ('bbox', 'segm')
    }
    assert results == pytest.approx(expected)
    assert 0 < expected['voc/segm_AP75'] != expected['voc/bbox_AP75']
    assert f"mode '{mode}', IoU 0.75" in logged[0]


@pytest.mark.parametrize('mode', ['area', '11points'])
def test_equals_mmdet_on_boxes(random_records, to_sample, mode, monkeypatch):
    # mmdet's reference wants VOC's inclusive coordinates and breaks ties
    # between equal scores its own way. Its pool of forked processes, never
    # joined, can wait for ever in a process that has threads.
    monkeypatch.setattr(
        'mmdet.evaluation.functional.mean_ap.Pool', multiprocessing.dummy.Pool
    )
    samples = [
        to_sample(record, with_masks=False)
        for record in random_records(40, ties=False)
    ]
    inclusive = copy.deepcopy(samples)
    for sample in inclusive:
        for name in ('gt_instances', 'ignored_instances', 'pred_instances'):
            sample[name]['bboxes'][:, 2:] -= 1
    result = run(VOCInstanceMetric(metric='bbox', eval_mode=mode), samples)
    reference = run(VOCMetric(eval_mode=mode), inclusive)
    assert 0.1 < reference['pascal_voc/mAP'] < 0.9
    assert result['voc/bbox_AP50'] == pytest.approx(
        reference['pascal_voc/mAP'], abs=1e-6
    )


def test_order_of_kinds_and_prefix(random_records, to_sample):
    samples = [to_sample(record) for record in random_records(3)]
    metric = VOCInstanceMetric(metric=['segm', 'bbox'], prefix='val')
    assert list(run(metric, samples)) == ['val/segm_AP50', 'val/bbox_AP50']


@pytest.mark.parametrize(
    ('setting', 'message'),
    [
        (dict(eval_mode='12points'), 'eval_mode'),
        (dict(iou_thr=0), 'iou_thr'),
        (dict(iou_thr=50), 'iou_thr'),
    ],
)
def test_wrong_settings_are_refused(setting, message):
    with pytest.raises(InputError, match=message):
        VOCInstanceMetric(**setting)
