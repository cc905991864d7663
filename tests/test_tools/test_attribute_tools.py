"""The commands that label folders, average models and search by attributes."""

import importlib.util
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mmvision_ext.testing.tiny_attributes import (
    IMAGES,
    make_attribute_data,
    object_config,
    save_random,
)


@pytest.fixture
def run(repository: Path, monkeypatch) -> Callable[..., None]:
    """Call a tool as the command line does."""

    def call(tool: str, *arguments: object) -> None:
        path = repository / 'tools' / f'{tool}.py'
        spec = importlib.util.spec_from_file_location(path.stem, path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        monkeypatch.setattr(sys, 'argv', [tool, *map(str, arguments)])
        module.main()

    return call


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Three images, a config and two sets of weights."""
    root = tmp_path / 'data'
    make_attribute_data(root, images=3)
    config = object_config(root)
    config.dump(root / 'config.py')
    for seed in range(2):
        save_random(config, root / f'{seed}.pth', None, seed)
    return root


def test_auto_label(run, root, tmp_path, capsys) -> None:
    out = tmp_path / 'new' / 'labels.json'
    (root / IMAGES / 'bad.jpg').write_bytes(b'no image')
    call = ('auto_label', root / 'config.py', root / '0.pth', root / IMAGES)
    call += ('--out', out, '--device', 'cpu', '--threshold', 0)
    run(*call)
    content = json.loads(out.read_text())
    assert [len(entry['attributes']) for entry in content['images']] == [
        64
    ] * 3
    printed = capsys.readouterr().out
    assert '3 images, 3 labels' in printed and 'bad.jpg' in printed
    with pytest.raises(SystemExit) as stop:
        run(*call, '--strict')
    assert stop.value.code == 1
    with pytest.raises(SystemExit) as stop:
        run(*call, '--batch-size', 0)
    assert stop.value.code == 2
    assert 'error: batch_size: expected' in capsys.readouterr().err
    with pytest.raises(SystemExit):
        run(*call[:-2], '--thresholds', '')
    assert 'error: thresholds: expected a file' in capsys.readouterr().err


def test_ensemble(run, root, tmp_path, capsys) -> None:
    out = tmp_path / 'ensemble'
    members = [f'{n}={root}/config.py:{root}/{n}.pth' for n in range(2)]
    tool = 'analysis_tools/ensemble_attributes'
    run(tool, *members, '--out', out, '--weights', 1, 3, '--device', 'cpu')
    printed = capsys.readouterr().out
    assert (out / 'ensemble.md').read_text() in printed
    assert 'Weights: 0 0.250, 1 0.750' in printed
    assert str(out / 'ensemble.csv') in printed
    with pytest.raises(SystemExit) as stop:
        run(tool, members[0], '--out', out, '--device', 'cpu')
    assert stop.value.code == 2
    assert 'at least two members' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (
            '--attributes metal --device foo',
            '--device: expected --image or --text, found --attributes',
        ),
        ('--attributes metal --clip RN50 a.pt', '--clip: expected --image'),
        ('--text metal --device foo', '--device: expected --model or --clip'),
        (
            '--text metal --clip RN50 a.pt --joint',
            '--joint: expected --model, found --clip',
        ),
    ],
)
def test_retrieve_options_that_nothing_uses(
    options: str, message: str, run, capsys
) -> None:
    with pytest.raises(SystemExit) as stop:
        run('retrieve', 'query', 'index', *options.split())
    assert stop.value.code == 2
    assert message in capsys.readouterr().err
