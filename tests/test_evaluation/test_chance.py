"""What stands beside a metric."""

import pytest

from mmvision_ext.evaluation.chance import Baseline, baseline_of, is_baseline

ATTRIBUTES = {
    'attributes/mAP': 40.0,
    'attributes/mAP_chance': 20.0,
    'attributes/mAP_tail': 12.0,
    'attributes/mAP_tail_chance': 5.0,
    'attributes/AUROC': 70.0,
    'attributes/OF1': 30.0,
    'attributes/accuracy': 80.0,
    'attributes/accuracy_all_negative': 90.0,
}


@pytest.mark.parametrize(
    ('key', 'kind', 'value'),
    [
        ('attributes/mAP', 'chance', 20),
        ('attributes/mAP_tail', 'chance', 5),
        ('attributes/AUROC', 'chance', 50),
        ('attributes/mA_calibrated', 'chance', 50),
        ('attributes/accuracy', 'all-negative', 90),
        ('attributes/accuracy_calibrated', 'all-negative', 90),
    ],
)
def test_attributes(key: str, kind: str, value: float) -> None:
    assert baseline_of(key, ATTRIBUTES) == Baseline(kind, value)


@pytest.mark.parametrize(
    ('key', 'value'),
    [
        ('accuracy/top1', 2.5),
        ('accuracy/top5', 12.5),
        ('cut/top100', 100),  # more guesses than classes
        ('accuracy/mean_class', 2.5),
    ],
)
def test_accuracy_of_classes_guessed_equally_often(
    key: str, value: float
) -> None:
    assert baseline_of(key, {key: 1.0}, 40) == Baseline('chance', value)
    assert baseline_of(key, {key: 1.0}) is None


@pytest.mark.parametrize(
    'key', ['attributes/OF1', 'multi-label/mAP', 'coco/bbox_mAP', 'loss']
)
def test_none_where_nothing_is_known(key: str) -> None:
    assert baseline_of(key, {**ATTRIBUTES, key: 1.0}, 40) is None


def test_a_balanced_measure_of_another_metric_has_none() -> None:
    assert baseline_of('other/AUROC', {'other/AUROC': 70.0}) is None


def test_baselines_are_known_by_their_names() -> None:
    found = [key for key in ATTRIBUTES if is_baseline(key)]
    assert found == [
        'attributes/mAP_chance',
        'attributes/mAP_tail_chance',
        'attributes/accuracy_all_negative',
    ]
