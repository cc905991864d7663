"""The tools for reports, run as a user runs them."""

import json
import runpy
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from mmvision_ext.apis import inference_speed
from mmvision_ext.testing.scripted_attributes import scripted_config
from mmvision_ext.testing.training_logs import train_record, write_start

CONFIG = 'configs/coco_attributes/r50_1xb8-30e_apascal.py'
MODEL = """
train_cfg = dict(by_epoch=True, max_epochs=2)
default_scope = 'mmpretrain'
model = dict(
    type='ImageClassifier', backbone=dict(type='LeNet5', num_classes=4))
"""


@pytest.fixture
def run(repository: Path, monkeypatch) -> Callable:
    """Run a tool with arguments."""

    def call(tool: str, *arguments: object) -> None:
        path = repository / 'tools' / 'analysis_tools' / f'{tool}.py'
        monkeypatch.setattr(sys, 'argv', [str(path), *map(str, arguments)])
        runpy.run_path(str(path), run_name='__main__')

    return call


@pytest.mark.parametrize('tool', ['training_report', 'inference_report'])
def test_help_shows_an_example(tool: str, run, capsys) -> None:
    with pytest.raises(SystemExit) as stop:
        run(tool, '--help')
    text = capsys.readouterr().out
    assert stop.value.code == 0
    assert f'Example:\n    python tools/analysis_tools/{tool}.py' in text


def test_training_report(run, tmp_path: Path, capsys) -> None:
    write_start(tmp_path / 'run', '1', [train_record(1, 1, 2.0)], MODEL)
    run('training_report', tmp_path / 'run')
    folder = tmp_path / 'run' / 'training_report'
    names = ('training_report.md', 'history.json', 'curves.png')
    printed = capsys.readouterr().out.splitlines()
    assert printed[-3:] == [str(folder / name) for name in names]
    run('training_report', tmp_path / 'run', '--out', tmp_path / 'other')
    assert {path.name for path in (tmp_path / 'other').iterdir()} == set(names)


def test_training_report_without_a_training(
    run, tmp_path: Path, capsys
) -> None:
    with pytest.raises(SystemExit) as stop:
        run('training_report', tmp_path)
    assert stop.value.code == 2
    assert str(tmp_path) in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_inference_report(
    run, repository: Path, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr(inference_speed, 'SECONDS', 0)
    path, weights = tmp_path / 'config.py', tmp_path / 'weights.pth'
    scripted_config(repository / CONFIG, [0, 1], 'nowhere').dump(path)
    state = dict(steps=torch.tensor([2.0]), weight=torch.ones(1))
    torch.save(dict(state_dict=state), weights)
    run(
        'inference_report',
        path,
        weights,
        '--out',
        tmp_path / 'out',
        '--cfg-options',
        'test_dataloader.batch_size=2',
    )
    file = tmp_path / 'out' / 'inference_report.json'
    record = json.loads(file.read_text())
    assert record['metrics']['attributes/mAP'] == 100
    assert record['speed']['batch_size'] == 2


def test_inference_report_without_weights(
    run, repository: Path, tmp_path: Path, capsys
) -> None:
    path = tmp_path / 'config.py'
    scripted_config(repository / CONFIG, [1], 'nowhere').dump(path)
    with pytest.raises(SystemExit) as stop:
        run(
            'inference_report',
            path,
            tmp_path / 'none.pth',
            '--out',
            tmp_path / 'out',
        )
    assert stop.value.code == 2
    assert 'none.pth' in capsys.readouterr().err


@pytest.mark.parametrize(
    'tool', ['browse_dataset', 'dataset_statistics', 'find_learning_rate']
)
def test_a_file_in_the_place_of_the_folder(
    tool: str, run, tmp_path: Path, capsys
) -> None:
    """It is found before anything is read or computed."""
    (tmp_path / 'file').touch()
    with pytest.raises(SystemExit) as stop:
        run(tool, 'absent.py', '--out', tmp_path / 'file')
    assert stop.value.code == 2
    assert '--out: expected a folder' in capsys.readouterr().err
