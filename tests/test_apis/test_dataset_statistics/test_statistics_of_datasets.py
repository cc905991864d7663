"""Counts of datasets, against counts by hand."""

import csv
from pathlib import Path

import numpy as np
import pytest
from mmengine.dataset import BaseDataset

from mmvision_ext.apis.dataset_statistics import (
    measure_config,
    measure_dataset,
    write_statistics,
)
from mmvision_ext.testing.tiny_attributes import (
    make_attribute_data,
    object_config,
)
from mmvision_ext.utils import InputError


class _Listed(BaseDataset):
    """A dataset of given samples."""

    def __init__(self, samples: list[dict], classes: tuple[str, ...]) -> None:
        self._samples = samples
        super().__init__(metainfo=dict(classes=classes), serialize_data=False)

    def load_data_list(self) -> list[dict]:
        return self._samples


def _object(label: int, box: tuple[float, ...], ignored: int = 0) -> dict:
    return dict(bbox=box, bbox_label=label, ignore_flag=ignored)


@pytest.fixture
def objects() -> _Listed:
    """Three images with 2 a, 1 b and an ignored b; none of c."""
    first = [
        _object(0, (0, 0, 10, 40)),
        _object(0, (5, 5, 105, 105)),
        _object(1, (0, 0, 64, 64)),
    ]
    size = dict(width=200, height=100)
    samples = [
        dict(instances=first, **size),
        dict(instances=[_object(1, (0, 0, 9, 9), 1)], **size),
        dict(instances=[], width=50, height=60),
    ]
    return _Listed(samples, ('a', 'b', 'c'))


def test_objects(objects: _Listed) -> None:
    found = measure_dataset(objects)
    assert (found.kind, found.total) == ('objects', 3)
    assert found.objects.tolist() == [2, 1, 0]
    assert found.samples.tolist() == [1, 1, 0]
    assert (found.ignored, found.empty) == (1, 2)
    assert found.per_sample.tolist() == [3, 0, 0]
    assert found.together.tolist() == [[1, 1, 0], [1, 1, 0], [0, 0, 0]]
    assert found.object_sizes.tolist() == [[10, 40], [100, 100], [64, 64]]
    assert found.image_sizes.tolist() == [[200, 100], [200, 100], [50, 60]]


def test_classes() -> None:
    samples = [dict(gt_label=label) for label in (1, 1, 0)]
    found = measure_dataset(_Listed(samples, ('a', 'b')))
    assert (found.kind, found.objects.tolist()) == ('classes', [1, 2])
    assert not len(found.object_sizes) and not len(found.image_sizes)


def test_unknown_attributes_do_not_count() -> None:
    samples = [
        dict(gt_score=np.array([1.0, 0.9]), gt_mask=np.array([True, False])),
        dict(gt_score=np.array([0.2, 0.8]), gt_mask=np.array([True, True])),
    ]
    found = measure_dataset(_Listed(samples, ('a', 'b')))
    assert found.kind == 'attributes'
    assert found.samples.tolist() == [1, 1]
    assert found.known.tolist() == [2, 1]
    assert found.together.tolist() == [[1, 0], [0, 1]]


def test_attributes_of_a_config(tmp_path: Path) -> None:
    make_attribute_data(tmp_path / 'data')
    config = object_config(tmp_path / 'data')
    found = measure_config(config, 'test')
    lines = (tmp_path / 'data/apascal/apascal_test.txt').read_text()
    rows = [line.split()[6:] for line in lines.splitlines()]
    expected = np.array(rows, int).sum(0)
    assert found.samples.tolist() == expected.tolist()


def test_what_is_written(objects: _Listed, tmp_path: Path) -> None:
    files = write_statistics(measure_dataset(objects), tmp_path, 'title')
    assert [file.name for file in files] == [
        'summary.md',
        'classes.csv',
        'balance.png',
        'sizes.png',
        'together.png',
    ]
    summary = (tmp_path / 'summary.md').read_text()
    assert '| objects that are ignored' in summary
    with (tmp_path / 'classes.csv').open() as file:
        rows = list(csv.DictReader(file))
    assert [row['objects'] for row in rows] == ['2', '1', '0']
    assert [row['share'] for row in rows] == ['0.3333', '0.3333', '0.0000']


def test_many_names_are_cut_to_both_ends(tmp_path: Path) -> None:
    names = tuple(f'name {index}' for index in range(200))
    samples = [dict(gt_label=index) for index in range(200)]
    files = write_statistics(
        measure_dataset(_Listed(samples, names)), tmp_path, 'title'
    )
    assert [file.name for file in files][-1] == 'balance.png'
    with (tmp_path / 'classes.csv').open() as file:
        assert len(list(csv.DictReader(file))) == 200


@pytest.mark.parametrize(
    ('samples', 'classes', 'match'),
    [
        ([dict(gt_label=0)], (), '1 samples and 0 names'),
        ([dict(text='a')], ('a',), 'expected instances, gt_label or gt_score'),
    ],
)
def test_nothing_to_count(
    samples: list[dict], classes: tuple[str, ...], match: str
) -> None:
    with pytest.raises(InputError, match=match):
        measure_dataset(_Listed(samples, classes))
