"""The tools for classifiers, run as a user runs them."""

import csv
import json
import runpy
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import MODELS, DefaultScope

from mmvision_ext.testing.image_folders import make_class_folders

CLASSES = ('bird', 'cat', 'dog')
TOOLS = (
    'classification_report',
    'compare_classifiers',
    'embed_features',
    'grad_cam',
)
CONFIG = """
default_scope = 'mmpretrain'
model = dict(
    type='ImageClassifier',
    data_preprocessor=dict(mean=[120.0] * 3, std=[60.0] * 3, to_rgb=True),
    backbone=dict(
        type='ResNet_CIFAR', depth=18, stem_channels=4, base_channels=4),
    head=dict(
        type='mmvision_ext.ConvGAPHead', num_classes=3, in_channels=32))
test_dataloader = dict(
    batch_size=4,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='CustomDataset',
        data_prefix={images!r},
        classes=('bird', 'cat', 'dog'),
        pipeline=[
            dict(type='mmvision_ext.LoadUprightImage'),
            dict(type='PackInputs')]))
"""


@pytest.fixture
def run(repository: Path, monkeypatch) -> Callable:
    """Run a tool with arguments."""

    def call(tool: str, *arguments: object) -> None:
        path = repository / 'tools' / 'analysis_tools' / f'{tool}.py'
        monkeypatch.setattr(sys, 'argv', [str(path), *map(str, arguments)])
        runpy.run_path(str(path), run_name='__main__')

    return call


@pytest.fixture(scope='module')
def images(tmp_path_factory) -> Path:
    """Three generated images each of three classes."""
    return make_class_folders(tmp_path_factory.mktemp('images'), CLASSES, 3)


@pytest.fixture(scope='module')
def model(images: Path, tmp_path_factory) -> tuple[Path, Path]:
    """Config and random weights of a small classifier."""
    folder = tmp_path_factory.mktemp('model')
    path, checkpoint = folder / 'config.py', folder / 'random.pth'
    path.write_text(CONFIG.replace('{images!r}', repr(str(images))))
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        classifier = MODELS.build(Config.fromfile(path).model)
    torch.save({'state_dict': classifier.state_dict()}, checkpoint)
    return path, checkpoint


@pytest.mark.parametrize('tool', TOOLS)
def test_help_shows_an_example(tool: str, run, capsys) -> None:
    with pytest.raises(SystemExit) as stop:
        run(tool, '--help')
    text = capsys.readouterr().out
    assert stop.value.code == 0
    assert f'Example:\n    python tools/analysis_tools/{tool}.py' in text


def test_report(run, model, tmp_path: Path, capsys) -> None:
    run('classification_report', *model, '--out', tmp_path)
    text = capsys.readouterr().out
    assert 'on 9 images of 3 classes (guessing: top-1 33.33 %;' in text
    assert '| true' in text
    for path in tmp_path.iterdir():
        assert str(path) in text
    with (tmp_path / 'predictions.csv').open() as file:
        assert len(list(csv.reader(file))) == 10


def test_features_by_both_methods(run, model, tmp_path: Path) -> None:
    run(
        'embed_features',
        *model,
        '--method',
        'pca',
        'tsne',
        '--classes',
        'dog',
        '--perplexity',
        2,
        '--out',
        tmp_path,
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        'pca.csv',
        'pca.png',
        'tsne.csv',
        'tsne.png',
    ]


def test_grad_cam_of_a_folder(
    run, model, images: Path, tmp_path: Path, capsys
) -> None:
    run(
        'grad_cam',
        *model,
        images / 'cat',
        '--target',
        'dog',
        '--layer',
        'backbone.layer3',
        '--out',
        tmp_path,
    )
    assert len(list(tmp_path.glob('image_000[123].png'))) == 3
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_comparison(run, model, tmp_path: Path, capsys) -> None:
    config, _ = model
    for name, accuracy in (('scratch', 40.0), ('finetune', 90.0)):
        log = tmp_path / f'net_{name}' / '1' / 'vis_data' / 'scalars.json'
        log.parent.mkdir(parents=True)
        record = {'accuracy/top1': accuracy, 'step': 1}
        log.write_text(json.dumps(record))
        (tmp_path / f'net_{name}' / 'config.py').write_text(config.read_text())
    run(
        'compare_classifiers',
        tmp_path / 'net_scratch',
        tmp_path / 'net_finetune',
        '--out',
        tmp_path / 'out',
    )
    text = capsys.readouterr().out
    assert '| scratch ' in text and '90.00' in text
    assert (tmp_path / 'out' / 'classifiers.png').is_file()


@pytest.mark.parametrize(
    ('tool', 'arguments', 'message'),
    [
        ('classification_report', ['--split', 'val'], 'val_dataloader'),
        ('embed_features', ['--classes', 'dig'], "did you mean 'dog'"),
        ('grad_cam', ['{images}', '--target', 'dig'], "did you mean 'dog'"),
        ('grad_cam', ['nowhere.jpg'], 'none at nowhere.jpg'),
    ],
)
def test_an_error_is_one_message_without_a_traceback(
    tool: str,
    arguments: list[str],
    message: str,
    run,
    model,
    images: Path,
    tmp_path: Path,
    capsys,
) -> None:
    arguments = [
        text.replace('{images}', str(images / 'dog')) for text in arguments
    ]
    with pytest.raises(SystemExit) as stop:
        run(tool, *model, *arguments, '--out', tmp_path)
    assert stop.value.code == 2
    text = capsys.readouterr().err
    assert 'error: ' in text and message in text
    assert 'Traceback' not in text


@pytest.mark.parametrize('tool', TOOLS)
@pytest.mark.parametrize('below', ['', 'new'])
def test_results_do_not_go_into_a_file(
    below: str, tool: str, run, tmp_path: Path, capsys
) -> None:
    """Noticed first: neither config nor checkpoint is there."""
    file = tmp_path / 'file'
    file.touch()
    with pytest.raises(SystemExit):
        names = ['a', 'b', 'c'] if tool == 'grad_cam' else ['a', 'b']
        run(tool, *names, '--out', file / below)
    assert f'found the file {file}' in capsys.readouterr().err
