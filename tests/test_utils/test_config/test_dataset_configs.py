"""What a dataset's config says without building it."""

from typing import Any

import pytest
from mmengine.config import Config

from mmvision_ext.utils.config.dataset_configs import (
    dataset_classes,
    downloads_itself,
    iter_datasets,
    pipeline_of_test,
)
from mmvision_ext.utils.errors import InputError


def test_wrappers_are_walked() -> None:
    leaf = dict(type='X')
    wrapped = dict(
        type='RepeatDataset',
        dataset=dict(type='ConcatDataset', datasets=[leaf, leaf]),
    )
    assert [key for key, _ in iter_datasets(wrapped, 'd')] == [
        'd.dataset.datasets.0',
        'd.dataset.datasets.1',
    ]


def test_the_pipeline_of_a_wrapped_dataset_is_found() -> None:
    leaf = dict(pipeline=[dict(type='LoadImageFromFile')])
    for dataset in (
        leaf,
        dict(dataset=leaf),
        dict(dataset=dict(datasets=[leaf, dict(pipeline=[])])),
    ):
        config = Config(dict(test_dataloader=dict(dataset=dataset)))
        assert pipeline_of_test(config) == leaf['pipeline']


@pytest.mark.parametrize(
    'loader', [None, {}, dict(dataset=dict(dataset=dict(datasets=[])))]
)
def test_a_config_without_a_test_pipeline_is_refused(loader: Any) -> None:
    with pytest.raises(InputError, match='pipeline: expected steps'):
        pipeline_of_test(Config(dict(test_dataloader=loader)))


@pytest.mark.parametrize(
    'dataset, count',
    [
        (dict(type='CocoDataset'), 80),
        (dict(type='CocoDataset', metainfo=dict(classes=('a',))), 1),
        (dict(type='mmpretrain.CIFAR10'), 10),
        # A type that answers for its config itself.
        (dict(type='mmvision_ext.Caltech101'), 101),
        (dict(type='mmvision_ext.Caltech101', with_background=True), 102),
        (dict(type='mmpretrain.CustomDataset', classes=['a', 'b']), 2),
        # None: known only after a file was read.
        (dict(type='CocoDataset', metainfo=dict(classes='names.txt')), None),
        (dict(type='mmpretrain.CustomDataset', classes='names.txt'), None),
        (dict(type='mmpretrain.CustomDataset'), None),
        (dict(type='MOTChallengeDataset'), None),
        (
            dict(type='DanceTrackDataset', metainfo=dict(classes=('a',))),
            1,
        ),
        (dict(type='NoSuchDataset'), None),
    ],
)
def test_classes(dataset: dict[str, Any], count: int | None) -> None:
    classes = dataset_classes(dataset, 'mmdet')
    assert (classes if classes is None else len(classes)) == count


@pytest.mark.parametrize(
    'dataset, expected',
    [
        (dict(type='CIFAR100'), True),  # takes it from CIFAR10
        (dict(type='FashionMNIST', download=False), False),
        (dict(type='CustomDataset'), False),
        (dict(type='NoSuchDataset'), False),
    ],
)
def test_downloads_itself(dataset: dict[str, Any], expected: bool) -> None:
    assert downloads_itself(dataset, 'mmpretrain') is expected
