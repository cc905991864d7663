"""More guesses than classes are found before a training."""

from typing import Any

import pytest
from mmengine.config import ConfigDict

from mmvision_ext.models.heads import ConvGAPHead
from mmvision_ext.utils import InputError
from mmvision_ext.utils.config.check import check_config

METRIC = 'mmvision_ext.ClassificationMetric'


def _check(classes: int = 3, head: Any = (1,), **evaluators: Any) -> str:
    """Message of the check of a classification config."""
    names = tuple(map(str, range(classes)))
    dataset = dict(type='CustomDataset', metainfo=dict(classes=names))
    loader = dict(dataset=dataset)
    cfg = ConfigDict(
        default_scope='mmpretrain',
        model=dict(
            head=dict(
                type='mmvision_ext.ConvGAPHead',
                num_classes=classes,
                topk=head,
                cal_acc=True,
            )
        ),
        train_dataloader=loader,
        val_dataloader=loader,
        test_dataloader=loader,
        **evaluators,
    )
    texts = []
    for modes in (('train', 'val'), ('test',)):
        try:
            check_config(cfg, modes)
        except InputError as error:
            texts.append(str(error))
    return '\n'.join(texts)


def test_a_sound_topk_passes() -> None:
    evaluator = [dict(type=METRIC, topk=(1, 2))]
    assert not _check(
        head=(1, 2), val_evaluator=evaluator, test_evaluator=evaluator
    )
    assert not _check(6, val_evaluator=dict(type=METRIC))
    assert not _check(val_evaluator=dict(type='Accuracy'))
    assert not _check(val_evaluator=dict(type='ConfusionMatrix'))


@pytest.mark.parametrize('topk, right', [((1, 5), (1,)), (3, (1,))])
def test_each_key_is_named_with_the_right_value(
    topk: Any, right: tuple[int, ...]
) -> None:
    metric = dict(type=METRIC, topk=topk)
    for settings, key in (
        (dict(head=topk), 'model.head.topk'),
        (dict(val_evaluator=metric), 'val_evaluator.topk'),
        (dict(test_evaluator=[metric]), 'test_evaluator.0.topk'),
        (
            dict(val_evaluator=dict(metrics=[metric])),
            'val_evaluator.metrics.0.topk',
        ),
    ):
        found = _check(**settings)
        assert f'{key} = {topk}, but the data have 3 classes' in found
        assert f'set {key} = {right}' in found


def test_the_default_of_a_metric_counts() -> None:
    found = _check(val_evaluator=dict(type=METRIC))
    assert 'val_evaluator.topk = (1, 5), but' in found


def test_accuracy_of_one_class_is_refused() -> None:
    found = _check(1, val_evaluator=dict(type=METRIC, topk=1))
    assert 'val_evaluator.topk = 1: accuracy needs two classes' in found


@pytest.mark.parametrize('topk', [(1, 5), (0,)])
def test_the_head_itself_refuses(topk: tuple[int, ...]) -> None:
    ConvGAPHead(num_classes=3, in_channels=2, topk=topk)  # not used
    with pytest.raises(InputError, match='topk from 1 to 3, .* found'):
        ConvGAPHead(num_classes=3, in_channels=2, topk=topk, cal_acc=True)
