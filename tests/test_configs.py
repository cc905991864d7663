"""Every config loads, builds, and takes a step that reaches every weight."""

import re
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from mmdet.testing import demo_mm_inputs
from mmengine.config import Config
from mmengine.fileio import load
from mmengine.logging import MMLogger
from mmengine.optim import build_optim_wrapper
from mmengine.registry import (
    DATASETS,
    HOOKS,
    METRICS,
    MODELS,
    OPTIM_WRAPPER_CONSTRUCTORS,
    OPTIM_WRAPPERS,
    TRANSFORMS,
    Registry,
    init_default_scope,
)
from mmpretrain.structures import DataSample
from torch import nn
from torch.nn import functional as F

from mmvision_ext.apis.model_table import describe_model
from mmvision_ext.engine.hooks import FreezeHook
from mmvision_ext.models.heads import TextAttributeHead
from mmvision_ext.models.text import TextEmbeddings
from mmvision_ext.utils import InputError
from mmvision_ext.utils.config.check import dataset_classes, iter_datasets

CONFIGS = Path(__file__).resolve().parents[1] / 'configs'
ZERO_SHOT = sorted(CONFIGS.glob('*/*_zero-shot_*.py'))  # train nothing
LEAVES = sorted(
    path
    for path in CONFIGS.glob('*/*.py')
    if path.parent.name != '_base_' and path not in ZERO_SHOT
)
DETECTORS = [
    path for path in LEAVES if path.parent.name in ('mask_rcnn', 'sparse_rcnn')
]
CLASSIFIERS = [path for path in LEAVES if path.parent.name == 'caltech101']
NEW_LAYER = {'alexnet': 'head.classifier.6'}  # else head.conv

ATTRIBUTE_DETECTORS = [
    path for path in LEAVES if path.match('coco_attributes/faster-rcnn_*.py')
]
ATTRIBUTES = [
    path
    for path in LEAVES
    if path.parent.name in ('coconut', 'coco_attributes')
    and path not in ATTRIBUTE_DETECTORS
]

CIFAR = [path for path in LEAVES if path.parent.name == 'cifar100']

# Millions of parameters at 100 classes of the published networks.
PUBLISHED = {
    'resnet20': 0.28,
    'resnet32': 0.47,
    'resnet56': 0.86,
    'eca-resnet20': 0.28,
    'eca-resnet32': 0.47,
    'convnext-cifar': 0.17,
    'convnext-tiny': 27.90,
    'mscan-tiny': 0.85,
    'coatnet-0': 26.74,
    'cspresnet50': 20.69,
    'ghostnet-100': 4.03,
    'hornet-tiny': 22,
    'resnest50d': 25.64,
    'mlp-mixer-b16': 59.19,
}
FEWER_TOKENS = 'mlp-mixer-b16_1xb128-200e_cifar100'  # 57.42 M

# {algorithm}[_{modules}][_{pretrain}]_{gpus}xb{batch}-{epochs}e_{data}.py
NAME = re.compile(r'[a-z0-9-]+(_[a-z0-9-]+)*_\d+xb\d+-\d+e_[a-z0-9-]+\.py')


def _name(path: Path) -> str:
    return path.stem


def _without_pretrained(node: Any) -> None:
    """Drop what would read weights from a file or the network."""
    if isinstance(node, dict):
        init = node.get('init_cfg')
        if isinstance(init, dict) and init.get('type') == 'Pretrained':
            node['init_cfg'] = None
        if node.get('pretrained') is True:  # timm would download
            node['pretrained'] = False
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
            wanted += [
                (TRANSFORMS, step.type) for step in dataset.get('pipeline', [])
            ]
    wanted += [(METRICS, metric.type) for metric in cfg.val_evaluator]
    wanted += [(HOOKS, hook.type) for hook in cfg.default_hooks.values()]
    wanted += [(HOOKS, hook.type) for hook in cfg.get('custom_hooks', [])]
    if constructor := cfg.optim_wrapper.get('constructor'):
        wanted.append((OPTIM_WRAPPER_CONSTRUCTORS, constructor))
    wanted.append((OPTIM_WRAPPERS, cfg.optim_wrapper.type))
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


@pytest.fixture
def uninitialised(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave weights as they are in memory, where only shapes matter."""
    for name in ('kaiming_uniform_', 'kaiming_normal_', 'uniform_'):
        monkeypatch.setattr(nn.init, name, lambda tensor, *_, **__: tensor)


@pytest.mark.parametrize('path', CIFAR, ids=_name)
@pytest.mark.usefixtures('uninitialised')
def test_cifar_model_is_what_the_metafile_says(path: Path) -> None:
    cfg = Config.fromfile(path)
    assert cfg.model.head.num_classes == _num_classes(cfg) == 100
    _without_pretrained(cfg.model)
    row = describe_model(cfg)
    [entry] = [
        entry
        for entry in load(CONFIGS / 'cifar100' / 'metafile.yml')['Models']
        if entry['Name'] == path.stem
    ]
    assert CONFIGS.parent / entry['Config'] == path
    found = entry['Metadata']
    assert found['Parameters'] == row.params
    assert found['FLOPs'] == row.multiply_adds
    assert found['Input Size'] == row.input_size
    assert found['Epochs'] == cfg.train_cfg.max_epochs
    published = PUBLISHED.get(path.stem.split('_')[0])
    if published is not None and path.stem != FEWER_TOKENS:
        # 0.86 stands for anything that rounds to it.
        assert row.params / 1e6 == pytest.approx(
            published, rel=0.01, abs=0.005
        )


def test_cifar_metafile_names_no_other_config() -> None:
    content = load(CONFIGS / 'cifar100' / 'metafile.yml')
    names = [entry['Name'] for entry in content['Models']]
    assert sorted(names) == sorted(path.stem for path in CIFAR)


@pytest.mark.parametrize('path', CIFAR, ids=_name)
def test_cifar_recipe_fits_its_loss(path: Path) -> None:
    cfg = Config.fromfile(path)
    head = cfg.model.head
    assert not head.get('cal_acc')
    mixes = 'Mixup' in str(cfg.data_preprocessor.get('augments'))
    if mixes:  # CrossEntropyLoss takes soft targets with use_soft only
        assert head.loss.type == 'LabelSmoothLoss' or head.loss.use_soft
    assert ('finetune' in path.stem) == (
        'Pretrained' in str(cfg.model)
        or "'pretrained': True" in str(cfg.model)
    )


def _attribute_batch(cfg: Config, model: nn.Module) -> dict[str, Any]:
    """Two labelled images, of which the first has an unknown entry."""
    count = cfg.model.head.num_classes
    samples = []
    for _ in range(2):
        sample = DataSample().set_gt_score(torch.ones(count))
        mask = torch.arange(count) > len(samples)
        sample.set_field(mask, 'gt_mask', dtype=torch.Tensor)
        samples.append(sample)
    fixed = re.search('Swin|Vision|CLIP', cfg.model.backbone.type)  # one size
    size = 224 if fixed else 64
    return model.data_preprocessor(
        dict(
            inputs=torch.randint(0, 256, (2, 3, size, size)),
            data_samples=samples,
        ),
        training=True,
    )


def _random_words(head: nn.Module) -> None:
    """Fill in for the embedding file, which the weights are needed for."""
    shape = head.present.shape
    names = tuple(map(str, range(len(head.present))))
    head.use(
        TextEmbeddings(
            names=names,
            features=F.normalize(torch.randn(shape)),
            prompts=tuple((name,) for name in names),
            encoder='random',
            absent=F.normalize(torch.randn(shape)),
            absent_prompts=tuple((name,) for name in names),
        )
    )


def _freeze(cfg: Config, model: nn.Module) -> FreezeHook:
    """Freeze what the config's hook freezes, as a runner would."""
    [options] = [
        dict(hook)
        for hook in cfg.custom_hooks
        if hook.type == 'mmvision_ext.FreezeHook'
    ]
    options.pop('type')
    hook = FreezeHook(**options)
    runner = SimpleNamespace(
        model=model,
        logger=MMLogger.get_instance('test'),
        epoch=0,
        max_epochs=cfg.train_cfg.max_epochs,
    )
    hook.before_train(runner)
    model.train()
    hook.before_train_iter(runner, 0)
    return hook


@pytest.mark.parametrize('path', ATTRIBUTES, ids=_name)
@pytest.mark.usefixtures('uninitialised')
def test_attribute_model_is_what_the_metafile_says(path: Path) -> None:
    cfg = Config.fromfile(path)
    kinds = {
        dataset.type: dataset_classes(dataset, cfg.default_scope)
        for _, dataset in iter_datasets(cfg.train_dataloader.dataset, '')
    }
    [(kind, names)] = kinds.items()
    expected = 204 if kind == 'mmvision_ext.COCOAttributes' else len(names)
    assert cfg.model.head.num_classes == expected
    init_default_scope(cfg.default_scope)
    _without_pretrained(cfg.model)
    model = MODELS.build(cfg.model)
    [entry] = [
        entry
        for entry in load(path.parent / 'metafile.yml')['Models']
        if entry['Name'] == path.stem
    ]
    assert CONFIGS.parent / entry['Config'] == path
    found = entry['Metadata']
    count = sum(p.numel() for p in model.parameters())
    assert found['Parameters'] == count
    if path.parent.name == 'coconut':
        _freeze(cfg, model)
        trained = [p.numel() for p in model.parameters() if p.requires_grad]
        assert found['Trainable Parameters'] == sum(trained)


@pytest.mark.parametrize('folder', ['coconut', 'coco_attributes'])
def test_attribute_metafile_names_no_other_config(folder: str) -> None:
    content = load(CONFIGS / folder / 'metafile.yml')
    names = [entry['Name'] for entry in content['Models']]
    paths = [
        path.stem
        for path in (*LEAVES, *ZERO_SHOT)
        if path.parent.name == folder
    ]
    assert sorted(names) == sorted(paths)


@pytest.mark.parametrize('path', ATTRIBUTE_DETECTORS, ids=_name)
def test_attribute_detector(path: Path) -> None:
    cfg, model = _build(path)
    [entry] = [
        entry
        for entry in load(path.parent / 'metafile.yml')['Models']
        if entry['Name'] == path.stem
    ]
    assert CONFIGS.parent / entry['Config'] == path
    count = sum(p.numel() for p in model.parameters())
    assert entry['Metadata']['Parameters'] == count
    head = cfg.model.roi_head
    classes = _num_classes(cfg)
    assert head.bbox_head.num_classes == classes
    number = head.attribute_head.num_classes
    assert number == (204 if 'coco-attributes' in path.stem else 64)
    for items in ([2, 3], [0, 0]):
        batch = demo_mm_inputs(
            2,
            [[3, 96, 96], [3, 96, 128]],
            num_classes=classes,
            num_items=items,
        )
        for size, sample in zip(items, batch['data_samples'], strict=True):
            truth = sample.gt_instances
            truth.attributes = torch.ones(size, number)
            truth.attribute_mask = torch.ones(size, number).bool()
        batch = model.data_preprocessor(batch, training=True)
        losses = model(**batch, mode='loss')
        assert (losses['loss_attribute'] > 0) == any(items)
        total, _ = model.parse_losses(losses)
        assert torch.isfinite(total)
        model.zero_grad()
        total.backward()
        without = [
            name
            for name, parameter in model.named_parameters()
            if parameter.requires_grad and parameter.grad is None
        ]
        assert not without


@pytest.mark.parametrize(
    'path',
    # Of ResNet-50's variants one: the losses are those of EfficientNet-Lite0.
    [path for path in ATTRIBUTES if not re.match('r50_[a-z]', path.stem)],
    ids=_name,
)
def test_attribute_step_reaches_every_weight(path: Path) -> None:
    cfg, model = _build(path)
    if path.parent.name == 'coconut':
        _freeze(cfg, model)
    else:
        assert 'AttributeStatisticsHook' in str(cfg.custom_hooks)
        counts = torch.arange(cfg.model.head.num_classes)
        model.head.set_counts(counts, counts.flip(0))
    if isinstance(model.head, TextAttributeHead):
        assert 'AttributeNamesHook' in str(cfg.custom_hooks)
        _random_words(model.head)
    losses = model(**_attribute_batch(cfg, model), mode='loss')
    total, _ = model.parse_losses(losses)
    assert torch.isfinite(total)
    total.backward()
    without = [
        name
        for name, parameter in model.named_parameters()
        if parameter.requires_grad and parameter.grad is None
    ]
    assert not without


@pytest.mark.parametrize(
    'path',
    # That of classes has a head without attributes: test_remoteclip_configs.
    [path for path in ZERO_SHOT if path.parent.name != 'remoteclip'],
    ids=_name,
)
def test_zero_shot_config(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 60
    cfg = Config.fromfile(path)
    assert cfg.runner_type == 'mmvision_ext.Runner'
    assert 'AttributeNamesHook' in str(cfg.custom_hooks)
    for key in ('train_dataloader', 'train_cfg', 'optim_wrapper'):
        assert cfg.get(key) is None  # mmengine asks for all or none
    classes = dataset_classes(cfg.test_dataloader.dataset, cfg.default_scope)
    count = 204 if path.stem.endswith('coco-attributes') else len(classes)
    assert cfg.model.head.num_classes == count
    _, model = _build(path)
    [entry] = [
        entry
        for entry in load(path.parent / 'metafile.yml')['Models']
        if entry['Name'] == path.stem
    ]
    assert CONFIGS.parent / entry['Config'] == path
    parameters = sum(p.numel() for p in model.parameters())
    assert entry['Metadata']['Parameters'] == parameters
    model.head.embeddings = 'none.safetensors'
    with pytest.raises(InputError, match=r'found none at .*encode_text\.py'):
        model.head((torch.zeros(1, model.head.in_channels),))
    _random_words(model.head)
    batch = model.data_preprocessor(
        dict(inputs=torch.randint(0, 256, (1, 3, 224, 224)))
    )
    with torch.no_grad():
        [sample] = model.eval()(**batch, mode='predict')
    assert sample.pred_score.shape == (count,)


def test_cross_modal_r50_is_the_design() -> None:
    path = CONFIGS / 'coconut' / 'cross-modal_r50_1xb4-30e_coconut.py'
    cfg, model = _build(path)
    _freeze(cfg, model)
    counts = {True: 0, False: 0}
    for parameter in model.parameters():
        counts[parameter.requires_grad] += parameter.numel()
    assert sum(counts.values()) == 25_845_963
    assert counts[True] == 5_751_947
    trained = {
        '.'.join(name.split('.')[:4])
        for name, parameter in model.backbone.named_parameters('backbone')
        if parameter.requires_grad
    }
    block = 'backbone.layer4.2'
    layers = ('bn1', 'conv2', 'bn2', 'conv3', 'bn3')
    assert trained == {f'{block}.{layer}' for layer in layers}
    before = {
        name: value.clone()
        for name, value in model.named_buffers()
        if value.ndim
    }
    model(**_attribute_batch(cfg, model), mode='loss')
    moved = {
        name.rpartition('.')[0]
        for name, value in model.named_buffers()
        if value.ndim and not torch.equal(value, before[name])
    }
    assert moved == {f'{block}.{norm}' for norm in ('bn1', 'bn2', 'bn3')}
