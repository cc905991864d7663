"""Datasets with faulty images."""

import pickle
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmdet.datasets import CocoDataset
from mmengine.dataset import pseudo_collate
from mmpretrain.datasets import CustomDataset
from torch.utils.data import DataLoader

from mmvision_ext.engine.images import (
    ImageError,
    ImageGuard,
    guard_dataset,
    read_entries,
)
from mmvision_ext.testing.image_faults import (
    FAULTS,
    UNUSUAL,
    inject,
    replace_by_text,
)


@pytest.fixture(params=['mmdet', 'mmpretrain'])
def dataset(
    request: pytest.FixtureRequest,
    classification: CustomDataset,
    make_detection: Callable[..., CocoDataset],
) -> Any:
    """A dataset of 24 images, of either host."""
    return make_detection() if request.param == 'mmdet' else classification


def _guard(dataset: Any, share: float | None, out: Path) -> ImageGuard:
    guard = guard_dataset(dataset, 'train', share, out)
    assert guard is not None
    return guard


def _names(dataset: Any, workers: int) -> list[str]:
    loader = DataLoader(
        dataset, 4, num_workers=workers, collate_fn=pseudo_collate
    )
    return [
        Path(sample.img_path).name
        for batch in loader
        for sample in batch['data_samples']
    ]


@pytest.mark.parametrize('name', FAULTS)
def test_raise_names_the_file(
    name: str, dataset: Any, paths: list[Path], tmp_path: Path
) -> None:
    inject([paths[5]], {name: FAULTS[name]})
    _guard(dataset, None, tmp_path / 'c.json')
    dataset[4]
    with pytest.raises(ImageError, match='sample 5: expected an image') as got:
        dataset[5]
    assert str(paths[5]) in str(got.value)
    assert 'policy' in str(got.value)
    [case] = read_entries(tmp_path / 'c.json')['train']['cases']
    assert case['image'] == str(paths[5])


@pytest.mark.parametrize('workers', [0, 2])
def test_replaced_alike_and_counted_once(
    workers: int, dataset: Any, paths: list[Path], tmp_path: Path
) -> None:
    torch.set_num_threads(1)
    faulty = [paths[i] for i in (0, 3, 4, 11, 23)]
    done = inject(faulty, FAULTS)
    guard = _guard(dataset, 0.25, tmp_path / 'c.json')
    for _ in range(2):
        names = [paths[i].name for i in range(24)]
        for index, other in {0: 1, 3: 5, 4: 5, 11: 12, 23: 1}.items():
            names[index] = paths[other].name
        assert _names(dataset, workers) == names
        assert len(guard.cases) == len(done)
    assert guard.cases.replacements[[0, 3, 4, 11, 23]].tolist() == [
        1,
        5,
        5,
        12,
        1,
    ]
    assert [case['replaced_by'] for case in guard.entry()['cases']] == [
        1,
        5,
        5,
        12,
        1,
    ]


@pytest.mark.parametrize('workers', [0, 2])
def test_limit(
    workers: int, classification: Any, paths: list[Path], tmp_path: Path
) -> None:
    inject(paths[3:7], FAULTS)
    _guard(classification, 3 / 24, tmp_path / 'c.json')
    with pytest.raises(ImageError, match='at most 3 of 24 .* found 4') as got:
        _names(classification, workers)
    assert all(str(path) in str(got.value) for path in paths[3:7])
    assert read_entries(tmp_path / 'c.json')['train']['corrupt'] == 4


def test_no_random_number_is_drawn(
    classification: Any, paths: list[Path], tmp_path: Path
) -> None:
    inject(paths[:5], FAULTS)
    _guard(classification, 0.5, tmp_path / 'c.json')
    before = random.getstate(), np.random.get_state()[1].tolist()
    torch_before = torch.get_rng_state()
    classification[0]
    assert before == (random.getstate(), np.random.get_state()[1].tolist())
    assert torch.equal(torch_before, torch.get_rng_state())


def test_ignored_by_the_loader_is_replaced_as_well(
    make_detection: Any, paths: list[Path], tmp_path: Path
) -> None:
    dataset = make_detection(ignore_empty=True)
    replace_by_text(paths[2], np.random.default_rng(0))
    _guard(dataset, 0.5, tmp_path / 'c.json')
    assert dataset[2]['data_samples'].img_path == str(paths[3])


def test_test_mode_always_stops(
    classification: Any, paths: list[Path], tmp_path: Path
) -> None:
    paths[2].write_bytes(b'')
    classification.test_mode = True
    _guard(classification, 1.0, tmp_path / 'c.json')
    with pytest.raises(ImageError, match='empty file') as got:
        classification[2]
    assert 'policy' not in str(got.value)


def test_none_is_left(
    classification: Any, paths: list[Path], tmp_path: Path
) -> None:
    for path in paths:
        path.write_bytes(b'')
    _guard(classification, 1.0, tmp_path / 'c.json')
    with pytest.raises(ImageError, match='none of 24 images'):
        classification[7]


def test_other_errors_are_left_alone(
    classification: Any, tmp_path: Path
) -> None:
    def fail(results: dict) -> None:
        raise KeyError('a bug')

    classification.pipeline.transforms.append(fail)
    guard = _guard(classification, 1.0, tmp_path / 'c.json')
    with pytest.raises(KeyError, match='a bug'):
        classification[0]
    assert not len(guard.cases)


def test_unusual_images_are_read_as_they_look(
    classification: Any, paths: list[Path], tmp_path: Path
) -> None:
    before = [classification[i]['inputs'].float() for i in range(5)]
    done = inject(paths[:5], UNUSUAL)
    guard = _guard(classification, None, tmp_path / 'c.json')
    for index, name in enumerate(done.values()):
        image = classification[index]['inputs']
        assert image.dtype == torch.uint8
        assert image.shape == (3, 32, 48)
        expected = before[index]
        if name == 'sixteen_bit':  # grey, BGR weights
            weights = torch.tensor([0.114, 0.587, 0.299])
            expected = (weights[:, None, None] * expected).sum(0)
        assert (image - expected).abs().mean() < 6, name
    assert not len(guard.cases)


def test_guarded_dataset_keeps_its_interface(
    make_detection: Any, tmp_path: Path
) -> None:
    dataset = make_detection()
    info, metainfo = dataset.get_data_info(3), dataset.metainfo
    _guard(dataset, 0.5, tmp_path / 'c.json')
    copied = pickle.loads(pickle.dumps(dataset))  # as spawned workers do
    for one in (dataset, copied):
        assert one.metainfo == metainfo
        assert one.get_data_info(3) == info
        assert len(one) == 24
        assert one[3]['data_samples'].img_path == info['img_path']


def test_mended_images_do_not_count_after_a_resume(
    classification: Any, paths: list[Path], tmp_path: Path
) -> None:
    inject(paths[:3], {'empty': FAULTS['empty']})
    guard = _guard(classification, 0.5, tmp_path / 'c.json')
    classification[0]
    entry = guard.entry()
    paths[1].write_bytes(paths[9].read_bytes())
    again = _guard(classification, 0.5, tmp_path / 'c.json')
    again.restore(entry)
    assert again.cases.indices() == [0, 2]
