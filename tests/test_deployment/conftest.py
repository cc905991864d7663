"""A small classifier that has learnt to tell generated pictures apart."""

import csv
import importlib.util
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import MODELS, DefaultScope
from PIL import Image

from mmvision_ext.apis import load_classifier
from mmvision_ext.apis.model import Classifier, load_config
from mmvision_ext.deployment.export import export_and_check
from mmvision_ext.deployment.images import ImageBatches

CLASSES = ('bars', 'dots', 'plain', 'steps')
SIZE = 32
CONFIG = """
default_scope = 'mmpretrain'
runner_type = 'mmvision_ext.Runner'
model = dict(
    type='ImageClassifier',
    backbone=dict(
        type='{backbone}',
        {options}
        init_cfg=dict(
            type='Pretrained', checkpoint='{weights}', prefix='backbone'
        ),
    ),
    {head}
)
data_preprocessor = dict(
    num_classes=4,
    mean=[123.675, 116.28, 103.53],
    std=[58.395, 57.12, 57.375],
    to_rgb=True,
)
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=32),
    dict(type='PackInputs'),
]
train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='RandomResizedCrop', scale=32),
    dict(type='PackInputs'),
]
train_dataloader = dict(
    batch_size=16,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='CustomDataset', data_root='{root}/train', pipeline=train_pipeline
    ),
)
test_dataloader = dict(
    batch_size=16,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='CustomDataset', data_root='{root}/test', pipeline=test_pipeline
    ),
)
val_dataloader = test_dataloader
val_evaluator = dict(type='Accuracy', topk=(1,))
test_evaluator = val_evaluator
train_cfg = dict(by_epoch=True, max_epochs=50, val_interval=1)
val_cfg = dict()
test_cfg = dict()
optim_wrapper = dict(
    optimizer=dict(type='AdamW', lr=2e-3, weight_decay=0.05)
)
param_scheduler = dict(type='MultiStepLR', milestones=[25], gamma=0.01)
custom_hooks = [dict(type='mmvision_ext.FreezeHook', modules=['backbone'])]
randomness = dict(seed=0)
log_level = 'WARNING'
"""


LINEAR_HEAD = """neck=dict(type='GlobalAveragePooling'),
    head=dict(
        type='LinearClsHead', num_classes=4, in_channels=128, topk=(1,)
    ),"""
CONV_HEAD = """head=dict(
        type='mmvision_ext.ConvGAPHead', num_classes=4, in_channels=1280
    ),"""


@dataclass(frozen=True)
class SmallClassifier:
    """Files of a classifier.

    Attributes:
        config: Config file.
        checkpoint: Weights, with the class names in their meta.
    """

    config: Path
    checkpoint: Path

    def load_config(self) -> Config:
        """The config, the caller's to change."""
        return load_config(self.config)

    def load(self) -> Classifier:
        """The classifier on the CPU."""
        return load_classifier(self.config, self.checkpoint, 'cpu')


@pytest.fixture(scope='session')
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """12 training and 6 test images a class, in a folder each."""
    root = tmp_path_factory.mktemp('pictures')
    rng = np.random.default_rng(0)
    for split, count in (('train', 12), ('test', 6)):
        for name in CLASSES:
            folder = root / split / name
            folder.mkdir(parents=True)
            for index in range(count):
                Image.fromarray(_draw(rng, name)).save(folder / f'{index}.png')
    return root


@pytest.fixture(scope='session')
def resnet(
    pictures: Path, tmp_path_factory: pytest.TempPathFactory
) -> SmallClassifier:
    """ResNet-18, three stages with half of the channels, trained.

    Its stem is frozen, as in many configs for fine-tuning.
    """
    return _make(
        tmp_path_factory.mktemp('resnet'),
        pictures,
        'ResNet',
        'depth=18, base_channels=32, stem_channels=32, num_stages=3, '
        'strides=(1, 2, 2), dilations=(1, 1, 1), out_indices=(2,), '
        'frozen_stages=0,',
        LINEAR_HEAD,
        steps=40,
    )


@pytest.fixture(scope='session')
def mobilenet(
    pictures: Path, tmp_path_factory: pytest.TempPathFactory
) -> SmallClassifier:
    """Narrow MobileNetV2 with random weights and a convolutional head."""
    return _make(
        tmp_path_factory.mktemp('mobilenet'),
        pictures,
        'MobileNetV2',
        'widen_factor=0.35,',
        CONV_HEAD,
        steps=0,
    )


@pytest.fixture(scope='session')
def exported(
    resnet: SmallClassifier, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The trained classifier as an ONNX file."""
    path = tmp_path_factory.mktemp('export') / 'new' / 'model.onnx'
    export_and_check(resnet.load_config(), resnet.checkpoint, path, (1,))
    return path


@pytest.fixture
def tool(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., None]:
    """Run a tool of tools/deployment by its name and arguments.

    In this process: torch takes seconds to import.
    """

    def run(name: str, *arguments: Any) -> None:
        path = repository / 'tools' / 'deployment' / f'{name}.py'
        spec = importlib.util.spec_from_file_location(f'tool_{name}', path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        monkeypatch.setattr(sys, 'argv', [name, *map(str, arguments)])
        module.main()

    return run


@pytest.fixture(scope='session')
def read_rows() -> Callable[[Path], list[dict[str, str]]]:
    """Read a CSV."""

    def read(path: Path) -> list[dict[str, str]]:
        with path.open(newline='') as file:
            return list(csv.DictReader(file))

    return read


def _draw(rng: np.random.Generator, name: str) -> np.ndarray:
    """An RGB picture of a class, uint8, shape (40, 40, 3)."""
    ys, xs = np.mgrid[:40, :40] + rng.integers(0, 12, (2, 1, 1))
    pattern = {
        'bars': xs // 5 % 2,
        'dots': (xs // 4 % 2) * (ys // 4 % 2),
        'plain': np.full_like(xs, 0.5, float),
        'steps': ys // 5 % 2,
    }[name]
    low, high = rng.uniform(0, 90, 3), rng.uniform(160, 255, 3)
    image = low + (high - low) * pattern[..., None]
    return np.clip(image + rng.normal(0, 8, image.shape), 0, 255).astype(
        np.uint8
    )


def _make(
    folder: Path,
    pictures: Path,
    backbone: str,
    options: str,
    head: str,
    steps: int,
) -> SmallClassifier:
    files = SmallClassifier(folder / 'config.py', folder / 'weights.pth')
    files.config.write_text(
        CONFIG.format(
            backbone=backbone,
            options=options,
            head=head,
            root=pictures,
            weights=files.checkpoint,
        )
    )
    config = files.load_config()
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        model = MODELS.build(
            config.model | dict(data_preprocessor=config.data_preprocessor)
        )
    _train(model, config, steps)
    meta = {'dataset_meta': {'classes': CLASSES}}
    torch.save(
        {'state_dict': model.state_dict(), 'meta': meta}, files.checkpoint
    )
    return files


def _train(model: torch.nn.Module, config: Config, steps: int) -> None:
    """Adam on all training images, a quarter of them a step."""
    (batch,) = ImageBatches(config, 'train', 48, seed=0)
    images, labels = torch.tensor(batch.images), torch.tensor(batch.labels)
    inputs = model.data_preprocessor({'inputs': images}, False)['inputs']
    model.requires_grad_(True).train()
    optimizer = torch.optim.Adam(model.parameters(), 2e-3)
    for step in range(steps):
        part = slice(step % 4, None, 4)
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(
            model(inputs[part]), labels[part]
        ).backward()
        optimizer.step()
