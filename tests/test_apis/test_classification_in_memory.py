"""A config without image files, from its training to its last tool."""

import csv
import runpy
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import mmengine
import numpy as np
import pytest
import torch
from mmengine.config import Config

from mmvision_ext.apis import classify_dataset, load_classifier
from mmvision_ext.apis.dataset_images import list_images
from mmvision_ext.apis.grad_cam_pages import page_names
from mmvision_ext.apis.sources import ImageSource
from mmvision_ext.datasets.cifar_files import read_cifar
from mmvision_ext.engine.launch import build_runner
from mmvision_ext.testing.small_cifar import make_cifar
from mmvision_ext.utils import InputError

CLASSES = ('apple', 'bear', 'whale', 'wolf')
NAMES = [f'{name}.webp#{index}' for name in CLASSES for index in range(4)]
CONFIG = """
_base_ = [
    '{configs}/_base_/datasets/cifar100.py',
    '{configs}/_base_/schedules/sgd_cifar_200e.py',
    '{configs}/_base_/default_runtime_cifar.py',
]
model = dict(
    type='mmvision_ext.BatchClassifier',
    backbone=dict(
        type='ResNet_CIFAR', depth=18, stem_channels=8, base_channels=8
    ),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(
        type='LinearClsHead', num_classes=4, in_channels=64, topk=(1, 2)
    ),
)
metainfo = dict(classes={classes})
data = dict(data_root='{root}', metainfo=metainfo)
train_dataloader = dict(batch_size=8, dataset=data)
val_dataloader = dict(batch_size=5, dataset=data)
test_dataloader = dict(batch_size=5, dataset=data)
val_evaluator = [dict(type='mmvision_ext.ClassificationMetric', topk=(1, 2))]
test_evaluator = val_evaluator
train_cfg = dict(max_epochs=2, val_interval=1)
default_hooks = dict(checkpoint=dict(interval=1))
optim_wrapper = dict(optimizer=dict(lr=0.05))
log_level = 'ERROR'
"""


@dataclass(frozen=True)
class Trained:
    """A training that has ended.

    Attributes:
        config: Its config file.
        work_dir: Its work directory.
        checkpoint: Its last checkpoint.
        root: The stacked files.
        top1: Accuracy of its last validation, in per cent.
    """

    config: Path
    work_dir: Path
    checkpoint: Path
    root: Path
    top1: float


@pytest.fixture(scope='module')
def trained(repository: Path, tmp_path_factory) -> Trained:
    """Two epochs of a small ResNet on four colours."""
    folder = tmp_path_factory.mktemp('cifar')
    root = make_cifar(folder / 'data', 'stacks', CLASSES, 16, 4)
    path, work_dir = folder / 'small.py', folder / 'work'
    path.write_text(
        CONFIG.format(
            configs=repository / 'configs', root=root, classes=CLASSES
        )
    )
    cfg = Config.fromfile(path)
    cfg.work_dir = str(work_dir)
    runner = build_runner(cfg)
    runner.train()
    top1 = runner.message_hub.get_scalar('val/accuracy/top1').current()
    return Trained(path, work_dir, work_dir / 'epoch_2.pth', root, top1)


@pytest.fixture
def run(repository: Path, monkeypatch: pytest.MonkeyPatch) -> Callable:
    """Run a tool with arguments, in this process."""

    def call(tool: str, *arguments: object) -> None:
        path = repository / 'tools' / f'{tool}.py'
        monkeypatch.setattr(sys, 'argv', [str(path), *map(str, arguments)])
        runpy.run_path(str(path), run_name='__main__')

    return call


def test_scores_and_names_of_the_images(trained: Trained) -> None:
    model = load_classifier(trained.config, trained.checkpoint, 'cpu')
    results = classify_dataset(model, trained.config, layer='backbone')
    assert results.paths == NAMES
    assert results.protocol == '16 training and 4 test images a class'
    assert results.features.shape == (16, 64)
    top1 = 100 * (results.predicted == results.labels).mean()
    assert top1 == pytest.approx(trained.top1)
    arrays = read_cifar(trained.root, 'test')
    pixels = results.source(6).read()
    np.testing.assert_array_equal(
        pixels[..., ::-1], arrays.images[6].transpose(1, 2, 0)
    )
    mean, std = model.data_preprocessor.mean, model.data_preprocessor.std
    inputs = (torch.from_numpy(arrays.images[6:7]).float() - mean) / std
    with torch.no_grad():
        expected = model(inputs).softmax(dim=1)[0]
    np.testing.assert_allclose(results.scores[6], expected, atol=1e-5)


def test_report(trained: Trained, run: Callable, tmp_path: Path) -> None:
    run(
        'analysis_tools/classification_report',
        trained.config,
        trained.checkpoint,
        '--out',
        tmp_path,
    )
    with (tmp_path / 'predictions.csv').open(newline='') as file:
        assert [row['image'] for row in csv.DictReader(file)] == NAMES
    assert (tmp_path / 'mistakes.png').exists() == (trained.top1 < 100)


def test_embedding(trained: Trained, run: Callable, tmp_path: Path) -> None:
    run(
        'analysis_tools/embed_features',
        trained.config,
        trained.checkpoint,
        '--method',
        'pca',
        '--out',
        tmp_path,
    )
    with (tmp_path / 'pca.csv').open(newline='') as file:
        assert [row['image'] for row in csv.DictReader(file)] == NAMES


def test_grad_cam(trained: Trained, run: Callable, tmp_path: Path) -> None:
    run(
        'analysis_tools/grad_cam',
        trained.config,
        trained.checkpoint,
        'bear.webp#2',
        'bear.webp#3',
        '--out',
        tmp_path,
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        'bear_2.png',
        'bear_3.png',
    ]


def test_images_are_those_of_the_dataset_or_files(trained: Trained) -> None:
    config = Config.fromfile(trained.config)
    (source,) = list_images(['bear.webp#2'], config)
    arrays = read_cifar(trained.root, 'test')
    np.testing.assert_array_equal(
        source.read()[..., ::-1], arrays.images[6].transpose(1, 2, 0)
    )
    with pytest.raises(InputError, match='a name such as apple.webp#0'):
        list_images(['bear.webp#4'], config)
    stack = str(trained.root / 'test' / 'bear.webp')
    with pytest.raises(InputError, match='Name one of them: bear.webp#0'):
        list_images([stack], config)


def test_names_of_pages() -> None:
    names = ['apple.webp#1', 'apple.webp#1', 'image 3', 'b/photo#1.jpg']
    sources = [ImageSource(name) for name in names[:3]]
    sources.append(ImageSource(names[3], Path(names[3])))
    assert page_names(sources) == [
        'apple_1',
        'apple_1_2',
        'image 3',
        'photo#1',
    ]


def test_comparison_of_runs(
    trained: Trained, run: Callable, tmp_path: Path
) -> None:
    run(
        'analysis_tools/compare_classifiers',
        f'small={trained.work_dir}',
        '--out',
        tmp_path,
    )
    with (tmp_path / 'classifiers.csv').open(newline='') as file:
        (row,) = csv.DictReader(file)
    assert float(row['top1']) == pytest.approx(trained.top1, abs=0.01)
    assert row['epochs'] == '2'


def test_predictions_of_a_test(
    trained: Trained, run: Callable, tmp_path: Path
) -> None:
    out = tmp_path / 'out.pkl'
    run(
        'test',
        trained.config,
        trained.checkpoint,
        '--work-dir',
        tmp_path / 'test',
        '--out',
        out,
    )
    records = mmengine.load(out)
    assert [record['sample_idx'] for record in records] == list(range(16))
    hits = [
        int(record['pred_label']) == int(record['gt_label'])
        for record in records
    ]
    assert 100 * np.mean(hits) == pytest.approx(trained.top1)


def test_export(trained: Trained, run: Callable, tmp_path: Path) -> None:
    pytest.importorskip('onnxruntime')
    run(
        'deployment/export_onnx',
        trained.config,
        trained.checkpoint,
        '--out',
        tmp_path / 'model.onnx',
    )
    run(
        'deployment/quantize',
        trained.config,
        trained.checkpoint,
        '--rounds',
        2,
        '--out',
        tmp_path / 'int8',
    )
    assert list((tmp_path / 'int8').glob('*.onnx'))


def test_pruning(trained: Trained, run: Callable, tmp_path: Path) -> None:
    run(
        'deployment/prune',
        trained.config,
        trained.checkpoint,
        '--method',
        'magnitude',
        '--ratio',
        0.5,
        '--epochs',
        1,
        '--rounds',
        2,
        '--out',
        tmp_path,
    )
    assert list(tmp_path.glob('*.csv'))
