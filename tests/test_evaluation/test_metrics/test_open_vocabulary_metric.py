"""Base, novel and harmonic means by hand."""

import math

import pytest
from mmengine.registry import METRICS

from mmvision_ext.evaluation.metrics import (
    CocoInstanceMetric,
    OpenVocabularyMetric,
)
from mmvision_ext.evaluation.metrics.open_vocabulary_metric import (
    harmonic_mean,
)
from mmvision_ext.utils import InputError

NAMES = ('ant', 'bee', 'cat', 'dog')
BOX = (10, 10, 50, 50)
# IoU with BOX: 30 * 40 / (40 * 40) = 0.75, which passes 0.50 to 0.75: six of
# the ten thresholds.
NARROW = (10, 10, 40, 50)
FAR = (60, 10, 90, 50)


def run(metric, samples, **meta):
    metric.dataset_meta = dict(classes=NAMES, **meta)
    metric.process(None, samples)
    return metric.evaluate(len(samples))


@pytest.fixture
def samples(make_record, to_sample):
    """ant: AP 1; bee: 0.6 (AP50 1); cat: 0; dog: no ground truth."""
    record = make_record(
        [(BOX, 0), (BOX, 1), (BOX, 2)],
        [(BOX, 0, 0.9), (NARROW, 1, 0.8), (FAR, 2, 0.7), (FAR, 3, 0.6)],
    )
    return [to_sample(record)]


def test_means_by_hand(samples):
    # Base: ant, bee, dog (left out); novel: cat.
    found = run(
        OpenVocabularyMetric(metric='bbox'), samples, novel_classes=('cat',)
    )
    assert found['coco/bbox_mAP'] == pytest.approx((1 + 0.6 + 0) / 3)
    assert found['coco/bbox_mAP_75'] == pytest.approx(2 / 3)
    assert found['coco/bbox_base_mAP'] == pytest.approx(0.8)
    assert found['coco/bbox_base_mAP_50'] == pytest.approx(1)
    assert found['coco/bbox_novel_mAP'] == 0
    assert found['coco/bbox_novel_mAP_50'] == 0
    assert found['coco/bbox_harmonic_mAP'] == 0
    assert found['coco/bbox_harmonic_mAP_50'] == 0


def test_argument_comes_before_the_data_set(samples):
    metric = METRICS.build(
        dict(
            type='mmvision_ext.OpenVocabularyMetric',
            metric='bbox',
            novel_classes=['bee', 'dog'],
        )
    )
    found = run(metric, samples, novel_classes=('cat',))
    base, novel = (1 + 0) / 2, 0.6
    assert found['coco/bbox_base_mAP'] == pytest.approx(base)
    assert found['coco/bbox_novel_mAP'] == pytest.approx(novel)
    assert found['coco/bbox_harmonic_mAP'] == pytest.approx(
        2 * base * novel / (base + novel)
    )
    assert found['coco/bbox_harmonic_mAP_50'] == pytest.approx(
        2 * 0.5 * 1 / 1.5
    )


def test_other_keys_are_those_of_coco(samples):
    plain = run(CocoInstanceMetric(), samples)
    found = run(OpenVocabularyMetric(), samples, novel_classes=('cat',))
    extra = {
        f'coco/{kind}_{part}_{key}'
        for kind in ('bbox', 'segm')
        for part in ('base', 'novel', 'harmonic')
        for key in ('mAP', 'mAP_50')
    }
    assert set(found) == set(plain) | extra
    for key, value in plain.items():
        assert found[key] == pytest.approx(value, nan_ok=True)


def test_novel_classes_without_ground_truth(samples):
    found = run(OpenVocabularyMetric(['dog'], metric='bbox'), samples)
    assert math.isnan(found['coco/bbox_novel_mAP'])
    assert math.isnan(found['coco/bbox_harmonic_mAP'])
    assert found['coco/bbox_base_mAP'] == found['coco/bbox_mAP']


@pytest.mark.parametrize(
    'first, second, expected',
    [(0.6, 0.3, 0.4), (1, 1, 1), (0, 0, 0), (0.5, 0, 0)],
)
def test_harmonic_mean(first, second, expected):
    assert harmonic_mean(first, second) == pytest.approx(expected)
    assert math.isnan(harmonic_mean(first, math.nan))


@pytest.mark.parametrize(
    'novel, match',
    [
        (None, 'found none'),
        ([], 'found none'),
        (NAMES, 'not all'),
        (['cat', 'cow'], 'it has no cow'),
    ],
)
def test_bad_splits(samples, novel, match):
    with pytest.raises(InputError, match=match):
        run(OpenVocabularyMetric(novel, metric='bbox'), samples)
