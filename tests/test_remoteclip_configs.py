"""Configs whose classes are words: build, take a step, find other words."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from mmdet.testing import demo_mm_inputs
from mmengine.config import Config
from mmengine.fileio import load
from mmengine.optim import build_optim_wrapper
from mmengine.registry import MODELS, init_default_scope
from mmpretrain.structures import DataSample
from torch import nn
from torch.nn import functional as F

from mmvision_ext.apis import load_classifier
from mmvision_ext.models.text import TextEmbeddings, write_embeddings
from mmvision_ext.testing import data_root
from mmvision_ext.utils.config.check import check_config, iter_datasets
from mmvision_ext.utils.config.class_check import (
    class_count_faults,
    class_count_warnings,
)
from mmvision_ext.utils.config.dataset_configs import dataset_classes

FOLDER = Path(__file__).resolve().parents[1] / 'configs' / 'remoteclip'
LEAVES = sorted(FOLDER.glob('*.py'))
DETECTORS = sorted(FOLDER.glob('context-guided-rcnn_*.py'))
BASELINES = sorted(FOLDER.glob('*-rcnn_*_nwpu-vhr10.py'))
BASELINES = [path for path in BASELINES if path not in DETECTORS]
CLASSIFIERS = sorted(FOLDER.glob('contrastive_*.py'))
SMALL = dict(
    layers=(1, 1, 1, 1), width=8, heads=4, embed_dim=1024, image_size=64
)
DIMENSIONS = {'remoteclip': 1024, 'minilm': 384}
NARROW = {  # channels
    'neck.out_channels': 16,
    'rpn_head.in_channels': 16,
    'rpn_head.feat_channels': 16,
    'roi_head.bbox_roi_extractor.out_channels': 16,
    'roi_head.bbox_head.in_channels': 16,
    'roi_head.bbox_head.fc_out_channels': 32,
}

Load = Callable[..., Config]


def name_of(path: Path) -> str:
    return path.stem


def classes_of(cfg: Config, mode: str) -> tuple[str, ...]:
    """Classes of a data loader's dataset."""
    loader = cfg[f'{mode}_dataloader']
    [(_, dataset)] = iter_datasets(loader.dataset, 'dataset')
    return tuple(dataset_classes(dataset, cfg.default_scope) or ())


@pytest.fixture
def load_config(tmp_path: Path) -> Load:
    """Read a config; words are random, and no weights are read."""

    def read(path: Path, small: bool = True) -> Config:
        cfg = Config.fromfile(path)
        init_default_scope(cfg.default_scope)
        dims = next((d for k, d in DIMENSIONS.items() if k in path.stem), None)
        names = classes_of(cfg, 'test')
        if dims is not None:
            torch.manual_seed(0)
            content = TextEmbeddings(
                names=names,
                features=F.normalize(torch.randn(len(names), dims)),
                prompts=tuple((name,) for name in names),
                encoder='random',
            )
            words = str(tmp_path / 'words.safetensors')
            write_embeddings(content, words)
            for part in (cfg.model, cfg.model.get('head') or {}):
                if 'vocabulary' in part:
                    part.vocabulary = words
        head = cfg.model.get('roi_head') or {}
        towers = [cfg.model.backbone]
        if head.get('distillation'):
            towers.append(head.distillation.teacher)
            head.distillation.update(regions=4, size=64)
        for tower in towers:
            tower.init_cfg = None
            if small and 'arch' in tower:
                tower.arch = SMALL
        if small and head:
            narrow(cfg)
        return cfg

    return read


def narrow(cfg: Config) -> None:
    """Make a detector small."""
    cfg.merge_from_dict({f'model.{k}': v for k, v in NARROW.items()})
    head, backbone = cfg.model.roi_head, cfg.model.backbone
    if 'arch' in backbone:
        cfg.model.neck.in_channels = [32, 64, 128, 256]
    elif backbone.type == 'ResNet':
        backbone.depth = 18
        cfg.model.neck.in_channels = [64, 128, 256, 512]
    if head.get('context'):
        head.context.region_channels = 32
    if 'mask_head' in head:
        head.mask_roi_extractor.out_channels = 16
        head.mask_head.update(in_channels=16, conv_out_channels=16)


def unreached(model: nn.Module) -> list[str]:
    return [
        name
        for name, parameter in model.named_parameters()
        if parameter.requires_grad and parameter.grad is None
    ]


def step(model: nn.Module, count: int, items: list[int]) -> dict[str, Any]:
    """Losses of two images, after a backward pass."""
    batch = demo_mm_inputs(
        2,
        [[3, 96, 96], [3, 96, 128]],
        num_classes=count,
        num_items=items,
        with_mask=hasattr(model.roi_head, 'mask_head'),
    )
    batch = model.data_preprocessor(batch, training=True)
    losses = model(**batch, mode='loss')
    total, values = model.parse_losses(losses)
    assert torch.isfinite(total)
    total.backward()
    return values


@pytest.mark.parametrize('path', DETECTORS, ids=name_of)
def test_detector(load_config: Load, path: Path) -> None:
    cfg = load_config(path)
    torch.manual_seed(0)
    model = MODELS.build(cfg.model)
    model.init_weights()
    words = classes_of(cfg, 'train')
    assert cfg.model.roi_head.bbox_head.num_classes == len(words)
    model.use_words(words)
    assert {'type': 'mmvision_ext.VocabularyHook'} in cfg.custom_hooks
    losses = step(model.train(), len(words), [2, 3])
    assert not unreached(model)
    assert ('loss_image_contrast' in losses) == ('no-context' not in path.stem)
    assert ('loss_distillation' in losses) == ('distill' in path.stem)
    if 'distill' in path.stem:
        assert 0.5 < losses['loss_distillation'] < 2
    model.zero_grad()
    assert step(model, len(words), [0, 0])['loss_bbox'] == 0
    others = classes_of(cfg, 'test')
    assert others[: len(words)] == words
    model.use_words(others)
    batch = demo_mm_inputs(1, [[3, 96, 128]])
    batch = model.eval().data_preprocessor(batch, training=False)
    with torch.no_grad():
        [sample] = model(**batch, mode='predict')
    assert set(sample.pred_instances.labels.tolist()) <= set(
        range(len(others))
    )


@pytest.mark.parametrize('path', BASELINES, ids=name_of)
def test_baseline(load_config: Load, path: Path) -> None:
    model = MODELS.build(load_config(path).model)
    step(model.train(), 10, [2, 3])
    assert not unreached(model)


@pytest.mark.parametrize('path', CLASSIFIERS, ids=name_of)
def test_classifier(load_config: Load, path: Path) -> None:
    cfg = load_config(path)
    model = MODELS.build(cfg.model).train()
    samples = [DataSample().set_gt_label(label) for label in (0, 19)]
    inputs = torch.randint(0, 256, (2, 3, 64, 64))
    batch = model.data_preprocessor(
        dict(inputs=inputs, data_samples=samples), training=True
    )
    losses = model(**batch, mode='loss')
    probe = 'linear-probe' in path.stem
    assert ('loss_contrast' in losses) != probe
    total, _ = model.parse_losses(losses)
    total.backward()
    assert not unreached(model)
    learned = {
        name.split('.')[0]
        for name, parameter in model.named_parameters()
        if parameter.requires_grad
    }
    assert learned == ({'head'} if probe else {'backbone', 'head'})
    with torch.no_grad():
        [first, _] = model.eval()(**batch, mode='predict')
    assert first.pred_score.shape == (20,)
    assert ('word_similarity' in first) != probe
    if 'zero-shot' in path.stem:  # mmengine asks for all or none
        for key in ('train_dataloader', 'train_cfg', 'optim_wrapper'):
            assert cfg.get(key) is None


def test_a_classifier_by_words_has_the_order_of_its_classes(
    load_config: Load, tmp_path: Path
) -> None:
    cfg = load_config(CLASSIFIERS[0])
    model = MODELS.build(cfg.model)
    classes = tuple(reversed(model.head.vocabulary.words))
    content = dict(
        state_dict=model.state_dict(),
        meta=dict(dataset_meta=dict(classes=classes)),
    )
    torch.save(content, tmp_path / 'a.pth')
    loaded = load_classifier(cfg, tmp_path / 'a.pth', 'cpu')
    assert loaded.head.vocabulary.words == classes
    assert torch.equal(
        loaded.head.vocabulary.features,
        model.head.vocabulary.features.flip(0),
    )


@pytest.mark.parametrize('path', LEAVES, ids=name_of)
def test_class_counts_fit(path: Path) -> None:
    cfg = Config.fromfile(path)
    scope = cfg.default_scope
    data = {
        mode: list(
            iter_datasets(
                (cfg.get(f'{mode}_dataloader') or {}).get('dataset'),
                f'{mode}_dataloader.dataset',
            )
        )
        for mode in ('train', 'val', 'test')
    }
    for mode in ('train', 'test'):
        assert class_count_faults(cfg.model, data[mode], scope) == []
    assert not class_count_warnings(
        cfg.model, data['train'], [*data['val'], *data['test']], scope
    )
    if path in DETECTORS:
        cfg.model.roi_head.bbox_head.num_classes = 3
        assert class_count_faults(cfg.model, data['train'], scope)


def test_rates_of_the_parts(load_config: Load) -> None:
    name = 'context-guided-rcnn_remoteclip-rn50_fpn_1xb8-12e_dior.py'
    cfg = load_config(FOLDER / name)
    model = MODELS.build(cfg.model)
    wrapper = build_optim_wrapper(model, cfg.optim_wrapper)
    group_of = {
        id(parameter): group
        for group in wrapper.optimizer.param_groups
        for parameter in group['params']
    }
    numbers = []
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            group = group_of[id(parameter)]
            single = parameter.ndim == 0
            rate = 1e-5 if name.startswith('backbone.') else 1e-4
            if single and name.startswith('roi_head.context.'):
                rate = 5e-3
                numbers.append(name.removeprefix('roi_head.context.'))
            assert group['lr'] == pytest.approx(rate)
            assert (group['weight_decay'] == 0) == single
    assert sorted(numbers) == ['bias', 'logits.log_scale', 'prior_weight']


@pytest.mark.parametrize('path', LEAVES, ids=name_of)
def test_metafile_has_the_parameters(load_config: Load, path: Path) -> None:
    [entry] = [
        entry
        for entry in load(FOLDER / 'metafile.yml')['Models']
        if entry['Name'] == path.stem
    ]
    assert FOLDER.parents[1] / entry['Config'] == path
    cfg = load_config(path, small=False)
    with torch.device('meta'):
        model = MODELS.build(cfg.model)
    count = sum(parameter.numel() for parameter in model.parameters())
    assert entry['Metadata']['Parameters'] == count


def test_metafile_names_no_other_config() -> None:
    entries = load(FOLDER / 'metafile.yml')['Models']
    names = [entry['Name'] for entry in entries]
    assert sorted(names) == sorted(path.stem for path in LEAVES)


@pytest.mark.parametrize(
    'path', sorted(FOLDER.glob('*_1xb8-24e_nwpu-vhr10.py')), ids=name_of
)
def test_light_configs_pass_the_check(
    load_config: Load, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = data_root()
    if root is None or not (root / 'nwpu_vhr10').is_dir():
        pytest.skip('no nwpu_vhr10: set MMVISION_DATA_ROOT or link data/')
    monkeypatch.setenv('MMVISION_DATA_ROOT', str(root))
    cfg = load_config(path)
    check_config(cfg, ('train', 'val'))
    check_config(cfg, ('test',))
