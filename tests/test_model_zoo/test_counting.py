"""Counts of the table are those of the models."""

from pathlib import Path

import pytest
from mmengine.config import Config

from mmvision_ext.model_zoo.costs import read_costs
from mmvision_ext.model_zoo.counting import _test_size, count_model
from mmvision_ext.utils import InputError

DETECTOR = 'sparse-rcnn_r18_fpn_30-proposals_scratch_1xb8-36e_shapes'


def test_a_detector_counts_as_in_the_table(repository: Path) -> None:
    cost = count_model(repository / f'configs/sparse_rcnn/{DETECTOR}.py')
    assert cost == read_costs(repository)[DETECTOR]
    assert cost.input_size == '128x128' and cost.params > 4e6


def test_all_variants_of_a_network_cost_the_same(repository: Path) -> None:
    """Recipes of Caltech-101 change neither parameters nor operations."""
    costs = read_costs(repository)
    networks: dict[str, set] = {}
    for path in (repository / 'configs' / 'caltech101').glob('*.py'):
        cost = costs[path.stem]
        key = path.stem.split('_')[0]
        networks.setdefault(key, set()).add((cost.params, cost.multiply_adds))
    assert len(networks) == 7
    assert all(len(found) == 1 for found in networks.values()), networks


def test_a_pipeline_without_a_size_is_named() -> None:
    config = Config(
        dict(test_dataloader=dict(dataset=dict(pipeline=[dict(type='Pad')])))
    )
    with pytest.raises(InputError, match='expected a Resize with a scale'):
        _test_size(config)


def test_a_wrapped_test_set() -> None:
    pipeline = [dict(type='Resize', scale=(96, 64))]
    inner = dict(type='Inner', pipeline=pipeline)
    dataset = dict(type='RepeatDataset', dataset=inner)
    config = Config(dict(test_dataloader=dict(dataset=dataset)))
    assert _test_size(config) == (64, 96)


def test_an_embedding_file_that_is_not_here_is_drawn(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    costs = read_costs(repository)
    names = (
        'coco_attributes/clip-rn50_zero-shot_apascal',
        'remoteclip/contrastive_remoteclip-rn50_zero-shot_dior',
    )
    for name in names:
        cost = count_model(repository / f'configs/{name}.py')
        assert cost == costs[cost.name]
        assert cost.multiply_adds > 5e9
    assert not list(tmp_path.iterdir())
