import numpy as np
import pytest
from mmdet.evaluation import CocoMetric

from mmvision_ext.evaluation.functional import coco_average_precision
from mmvision_ext.evaluation.metrics import CocoInstanceMetric
from mmvision_ext.utils import InputError

NAMES = ('ant', 'bee', 'cat', 'dog')
FIELDS = {
    'mAP': 'ap',
    'mAP_50': 'ap50',
    'mAP_75': 'ap75',
    'mAP_s': 'ap_small',
    'mAP_m': 'ap_medium',
    'mAP_l': 'ap_large',
}


def run(metric, samples):
    metric.dataset_meta = dict(classes=NAMES)
    metric.process(None, samples)
    return metric.evaluate(len(samples))


@pytest.mark.parametrize('backend', ['faster_coco_eval', 'pycocotools'])
def test_keys_and_values(random_records, to_sample, logged, backend):
    records = random_records(20)
    samples = [to_sample(record) for record in records]
    results = run(CocoInstanceMetric(backend=backend), samples)
    expected = {}
    for kind in ('bbox', 'segm'):
        result = coco_average_precision(records, NAMES, kind, 'pycocotools')
        for key, field in FIELDS.items():
            expected[f'coco/{kind}_{key}'] = getattr(result, field)
    assert results == pytest.approx(expected, abs=1e-9, nan_ok=True)
    assert 0 < results['coco/segm_mAP'] != results['coco/bbox_mAP']
    assert backend in logged[0]


def test_names_and_values_are_those_of_mmdet(random_records, to_sample):
    # mmdet builds its ground truth here without ignored objects.
    records = [
        record
        for record in random_records(40)
        if not record.truth.ignored.any()
    ]
    assert len(records) > 10
    samples = [to_sample(record) for record in records]
    reference_samples = []
    for record, sample in zip(records, samples, strict=True):
        truth = record.truth
        reference_samples.append(
            dict(
                sample,
                instances=[
                    dict(bbox=box.tolist(), bbox_label=int(label), mask=mask)
                    for box, label, mask in zip(
                        truth.boxes, truth.labels, truth.masks, strict=True
                    )
                ],
            )
        )
    reference = run(
        CocoMetric(metric=['bbox', 'segm'], proposal_nums=(1, 10, 100)),
        reference_samples,
    )
    results = run(CocoInstanceMetric(), samples)
    assert reference.keys() == results.keys()
    for key in ('mAP', 'mAP_50', 'mAP_75'):
        for kind in ('bbox', 'segm'):
            name = f'coco/{kind}_{key}'
            assert 0 < results[name] < 1
            assert results[name] == pytest.approx(reference[name], abs=6e-4)


def test_classwise_adds_keys_per_class(random_records, to_sample):
    records = random_records(20)
    samples = [to_sample(record) for record in records]
    plain = run(CocoInstanceMetric(metric='segm'), samples)
    results = run(CocoInstanceMetric(metric='segm', classwise=True), samples)
    result = coco_average_precision(records, NAMES, 'segm')
    extra = {}
    for index, name in enumerate(NAMES):
        extra[f'coco/segm_{name}_precision'] = result.class_ap[index]
        extra[f'coco/segm_{name}_precision_50'] = result.class_ap50[index]
    assert results.keys() == plain.keys() | extra.keys()
    np.testing.assert_array_equal(
        [results[key] for key in extra], list(extra.values())
    )


def test_unknown_backend_is_refused():
    with pytest.raises(InputError, match='pycocotools'):
        CocoInstanceMetric(backend='slow')
