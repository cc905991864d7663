"""Every config loads, builds, and takes a step that reaches every weight."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from mmdet.testing import demo_mm_inputs
from mmengine.config import Config
from mmengine.fileio import load
from mmengine.optim import build_optim_wrapper
from mmengine.registry import (
    DATASETS,
    HOOKS,
    METRICS,
    MODELS,
    OPTIM_WRAPPER_CONSTRUCTORS,
    TRANSFORMS,
    Registry,
    init_default_scope,
)
from mmpretrain.structures import DataSample
from torch import nn

from mmvision_ext.utils.config_check import dataset_classes, iter_datasets

CONFIGS = Path(__file__).resolve().parents[1] / 'configs'
LEAVES = sorted(
    path for path in CONFIGS.glob('*/*.py') if path.parent.name != '_base_'
)
DETECTORS = [
    path for path in LEAVES if path.parent.name in ('mask_rcnn', 'sparse_rcnn')
]
CLASSIFIERS = [path for path in LEAVES if path.parent.name == 'caltech101']
NEW_LAYER = {'alexnet': 'head.classifier.6'}  # else head.conv

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
    wanted += [(HOOKS, hook.type) for hook in cfg.get('custom_hooks', [])]
    if constructor := cfg.optim_wrapper.get('constructor'):
        wanted.append((OPTIM_WRAPPER_CONSTRUCTORS, constructor))
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


@dataclass
class Classifier:
    """A built classification config; ``cfg`` is as in the file."""

    path: Path
    cfg: Config
    model: nn.Module

    @property
    def parts(self) -> list[str]:
        """Backbone, head, mode and the rest of the name."""
        return self.path.name.split('_')


@pytest.fixture(scope='module', params=CLASSIFIERS, ids=_name)
def classifier(request: pytest.FixtureRequest) -> Classifier:
    """Each classification config, built once for all tests."""
    _, model = _build(request.param)
    return Classifier(request.param, Config.fromfile(request.param), model)


@pytest.fixture(scope='module')
def metafile() -> dict[str, Any]:
    """Entry of each config in the metafile, by its name."""
    content = load(CONFIGS / 'caltech101' / 'metafile.yml')
    return {entry['Name']: entry for entry in content['Models']}


def test_classifier_step_reaches_every_weight(classifier: Classifier) -> None:
    cfg, model = classifier.cfg, classifier.model
    init_default_scope(cfg.default_scope)
    assert cfg.model.head.num_classes == _num_classes(cfg) == 101
    assert cfg.model.data_preprocessor.num_classes == 101
    size = 224 if classifier.parts[0] == 'swin-t' else 64  # windows of 7
    samples = [DataSample().set_gt_label(label) for label in (0, 100)]
    batch = model.data_preprocessor(
        dict(
            inputs=torch.randint(0, 256, (2, 3, size, size)),
            data_samples=samples,
        ),
        training=True,
    )
    losses = model(**batch, mode='loss')
    assert ('accuracy_top-5' in losses) == (
        'mixup-cutmix' not in classifier.parts
    )
    total, _ = model.parse_losses(losses)
    assert torch.isfinite(total)
    total.backward()
    without = [
        name
        for name, parameter in model.named_parameters()
        if parameter.grad is None
    ]
    assert not without
    model.zero_grad()


def test_metafile_has_the_parameters(
    classifier: Classifier, metafile: dict[str, Any]
) -> None:
    entry = metafile[classifier.path.stem]
    assert CONFIGS.parent / entry['Config'] == classifier.path
    assert entry['Metadata']['Training Mode'] == classifier.parts[2]
    count = sum(p.numel() for p in classifier.model.parameters())
    assert entry['Metadata']['Parameters'] == count


def test_metafile_names_no_other_config(metafile: dict[str, Any]) -> None:
    assert set(metafile) == {path.stem for path in CLASSIFIERS}


def test_classifier_mode_is_what_the_name_says(classifier: Classifier) -> None:
    cfg, mode = classifier.cfg, classifier.parts[2]
    assert ('Pretrained' in str(cfg.model)) == (mode != 'scratch')
    hooks = {hook.type: hook for hook in cfg.get('custom_hooks', [])}
    freeze = hooks.get('mmvision_ext.FreezeHook')
    assert (freeze is not None) == (mode in ('feature-extract', 'two-phase'))
    if freeze is None:
        return
    names = [name for name, _ in classifier.model.named_parameters()]
    trained = [
        name
        for name in names
        if not name.startswith(tuple(f'{part}.' for part in freeze.modules))
    ]
    new = NEW_LAYER.get(classifier.parts[0], 'head.conv')
    assert trained == [f'{new}.weight', f'{new}.bias']
    assert cfg.optim_wrapper.optimizer.lr == 1e-3
    epoch = freeze.get('unfreeze_epoch')
    assert epoch == (25 if mode == 'two-phase' else None)
    if epoch is not None:
        assert cfg.param_scheduler.milestones == [epoch]
        assert cfg.param_scheduler.gamma * 1e-3 == pytest.approx(1e-5)


def test_finetuning_gives_the_new_layer_the_highest_rate(
    classifier: Classifier,
) -> None:
    if classifier.parts[2] != 'finetune':
        return
    init_default_scope(classifier.cfg.default_scope)
    wrapper = build_optim_wrapper(
        classifier.model, classifier.cfg.optim_wrapper
    )
    rate_of = {
        id(parameter): group['lr']
        for group in wrapper.optimizer.param_groups
        for parameter in group['params']
    }
    rates = {
        name: rate_of[id(parameter)]
        for name, parameter in classifier.model.named_parameters()
    }
    new = NEW_LAYER.get(classifier.parts[0], 'head.conv')
    head = {rates.pop(f'{new}.weight'), rates.pop(f'{new}.bias')}
    if 'layer-decay' in classifier.parts:
        assert head == {1e-4}
        assert 1e-7 < min(rates.values()) < 2e-5
        assert len(set(rates.values())) > 5
    else:
        assert head == {1e-3} and set(rates.values()) == {1e-5}
