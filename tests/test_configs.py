"""Every config loads, builds, and takes a step that reaches every weight."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from mmdet.testing import demo_mm_inputs
from mmengine.config import Config
from mmengine.registry import (
    DATASETS,
    HOOKS,
    METRICS,
    MODELS,
    TRANSFORMS,
    Registry,
    init_default_scope,
)
from torch import nn

from mmvision_ext.utils.config_check import dataset_classes, iter_datasets

CONFIGS = Path(__file__).resolve().parents[1] / 'configs'
LEAVES = sorted(
    path for path in CONFIGS.glob('*/*.py') if path.parent.name != '_base_'
)
DETECTORS = [
    path for path in LEAVES if path.parent.name in ('mask_rcnn', 'sparse_rcnn')
]

# {algorithm}_{modules}[_{pretrain}]_{gpus}xb{batch}-{epochs}e_{data}.py
NAME = re.compile(r'[a-z0-9-]+(_[a-z0-9-]+)+_\d+xb\d+-\d+e_[a-z0-9-]+\.py')


def _name(path: Path) -> str:
    return path.stem


def _without_pretrained(node: Any) -> None:
    """Drop what would read weights from a file or the network."""
    if isinstance(node, dict):
        if (node.get('init_cfg') or {}).get('type') == 'Pretrained':
            node['init_cfg'] = None
        for value in node.values():
            _without_pretrained(value)
    elif isinstance(node, (list, tuple)):
        for value in node:
            _without_pretrained(value)


def _build(path: Path) -> tuple[Config, nn.Module]:
    cfg = Config.fromfile(path)
    init_default_scope(cfg.default_scope)
    _without_pretrained(cfg.model)
    torch.manual_seed(0)
    model = MODELS.build(cfg.model)
    model.init_weights()
    return cfg, model.train()


def _num_classes(cfg: Config) -> int:
    [(_, dataset)] = iter_datasets(cfg.train_dataloader.dataset, 'dataset')
    classes = dataset_classes(dataset, cfg.default_scope)
    assert classes is not None
    return len(classes)


def test_there_are_configs() -> None:
    assert len(LEAVES) >= 7


@pytest.mark.parametrize('path', LEAVES, ids=_name)
def test_name_length_and_depth(path: Path) -> None:
    assert NAME.fullmatch(path.name)
    text = path.read_text()
    assert len(text.splitlines()) <= 60
    batch, epochs = map(int, re.search(r'xb(\d+)-(\d+)e', path.name).groups())
    cfg = Config.fromfile(path)
    assert cfg.train_dataloader.batch_size == batch
    assert cfg.train_cfg.max_epochs == epochs
    assert cfg.runner_type == 'mmvision_ext.Runner'


@pytest.mark.parametrize('path', LEAVES, ids=_name)
def test_every_type_resolves(path: Path) -> None:
    cfg = Config.fromfile(path)
    wanted: list[tuple[Registry, str]] = []
    for loader in (
        cfg.train_dataloader,
        cfg.val_dataloader,
        cfg.test_dataloader,
    ):
        for _, dataset in iter_datasets(loader.dataset, 'dataset'):
            wanted.append((DATASETS, dataset.type))
            wanted += [(TRANSFORMS, step.type) for step in dataset.pipeline]
    wanted += [(METRICS, metric.type) for metric in cfg.val_evaluator]
    wanted += [(HOOKS, hook.type) for hook in cfg.default_hooks.values()]
    for root, name in wanted:
        with root.switch_scope_and_registry(cfg.default_scope) as registry:
            assert registry.get(name) is not None, name


@pytest.mark.parametrize('path', DETECTORS, ids=_name)
def test_one_step_reaches_every_weight(path: Path) -> None:
    cfg, model = _build(path)
    batch = demo_mm_inputs(
        2,
        [[3, 96, 96], [3, 96, 128]],
        num_classes=_num_classes(cfg),
        num_items=[2, 3],
        with_mask=path.parent.name == 'mask_rcnn',
    )
    batch = model.data_preprocessor(batch, training=True)
    losses = model(**batch, mode='loss')
    total, _ = model.parse_losses(losses)
    assert torch.isfinite(total)
    total.backward()
    without = [
        name
        for name, parameter in model.named_parameters()
        if parameter.requires_grad and parameter.grad is None
    ]
    assert not without


@pytest.mark.parametrize('path', DETECTORS, ids=_name)
def test_empty_ground_truth(path: Path) -> None:
    cfg, model = _build(path)
    batch = demo_mm_inputs(
        2,
        [[3, 96, 96], [3, 96, 128]],
        num_classes=_num_classes(cfg),
        num_items=[0, 0],
        with_mask=path.parent.name == 'mask_rcnn',
    )
    batch = model.data_preprocessor(batch, training=True)
    losses = model(**batch, mode='loss')
    total, values = model.parse_losses(losses)
    assert torch.isfinite(total)
    # Nothing to find: no box loss anywhere, but the background is learned.
    assert all(value == 0 for name, value in values.items() if 'bbox' in name)
    assert any(value > 0 for name, value in values.items() if 'cls' in name)


@pytest.mark.parametrize('path', DETECTORS, ids=_name)
def test_predictions_lie_within_the_image(path: Path) -> None:
    _, model = _build(path)
    batch = demo_mm_inputs(1, [[3, 96, 128]])
    batch = model.data_preprocessor(batch, training=False)
    with torch.no_grad():
        [sample] = model.eval()(**batch, mode='predict')
    predicted = sample.pred_instances
    assert predicted.bboxes.shape == (len(predicted), 4)
    if path.parent.name == 'mask_rcnn':
        assert predicted.masks.shape == (len(predicted), *sample.ori_shape)
