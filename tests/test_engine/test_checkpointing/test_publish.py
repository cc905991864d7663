"""Checkpoints to give away."""

import hashlib
import runpy
import sys
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.config import Config
from mmengine.model import ExponentialMovingAverage
from mmengine.runner import load_checkpoint

from mmvision_ext.engine.checkpointing import read_checkpoint
from mmvision_ext.engine.checkpointing.config_text import inference_config
from mmvision_ext.engine.checkpointing.publish import publish
from mmvision_ext.engine.runner import Runner
from mmvision_ext.testing.tiny_training import TinyLine, tiny_runner
from mmvision_ext.utils import InputError

CONFIG = """
default_scope = 'mmdet'
data_root = '/home/ann/data'
load_from = 'https://ann:secret@host/w.pth'
model = dict(
    backbone=dict(
        init_cfg=dict(checkpoint='/home/ann/w.pth', type='Pretrained'),
        out={1: 'https://ann:secret@host/w.pth'}),
    type='FasterRCNN')
test_dataloader = dict(dataset=dict(
    data_root='/home/ann/data/VOC/', pipeline=[dict(type='Resize')]))
test_pipeline = [run()]
work_dir = '/home/ann/run'
"""


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    """A training of an epoch with a moving average."""
    (tmp_path / 'run').mkdir()
    runner = tiny_runner(
        tmp_path / 'run',
        epochs=1,
        custom_hooks=[dict(type='EMAHook', momentum=0.5)],
    )
    runner.train()
    return tmp_path / 'run' / 'epoch_1.pth'


def edit(path: Path, **meta: Any) -> None:
    """Write something into the meta of a checkpoint."""
    content = read_checkpoint(path)
    content['meta'].update(meta)
    torch.save(content, path)


@pytest.mark.parametrize('suffix', ['.pth', '.safetensors'])
def test_the_same_model_without_its_training(
    suffix: str, trained: Path, tmp_path: Path
) -> None:
    edit(trained, dataset_meta=dict(classes=('a', 'b')), cfg=CONFIG)
    before = read_checkpoint(trained)
    assert 'ema_state_dict' in before and 'optimizer' in before
    done = publish(trained, tmp_path / 'out' / f'tiny{suffix}')
    data = done.path.read_bytes()
    assert done.sha256 == hashlib.sha256(data).hexdigest()
    assert done.path.name == f'tiny-{done.sha256[:8]}{suffix}'
    assert [*(tmp_path / 'out').iterdir()] == [done.path]
    assert done.bytes == len(data) < done.source_bytes
    assert b'ann' not in data and b'secret' not in data
    assert 'moving average' in done.notes[0]
    after = read_checkpoint(done.path)
    assert after.keys() == {'meta', 'state_dict'}
    assert list(after['meta']['dataset_meta']['classes']) == ['a', 'b']
    assert after['meta']['epoch'] == 1
    old, new = TinyLine(), TinyLine()
    old.load_state_dict(before['state_dict'])
    load_checkpoint(new, str(done.path), strict=True)
    inputs = torch.randn(5, 2)
    assert torch.equal(old(inputs), new(inputs))
    again = publish(trained, tmp_path / f'other{suffix}')
    assert again.sha256 == done.sha256


def test_the_moving_average_is_published(tmp_path: Path) -> None:
    """As EMAHook saves it: what is trained lies in ``ema_state_dict``."""
    runner = tiny_runner(
        tmp_path,
        epochs=1,
        custom_hooks=[dict(type='EMAHook', momentum=0.5)],
    )
    runner.train()
    (hook,) = [h for h in runner.hooks if type(h).__name__ == 'EMAHook']
    assert isinstance(hook.ema_model, ExponentialMovingAverage)
    average = hook.ema_model.module.state_dict()
    done = publish(tmp_path / 'epoch_1.pth', tmp_path / 'a.pth')
    found = read_checkpoint(done.path)['state_dict']
    assert all(torch.equal(found[name], average[name]) for name in average)
    trained = runner.model.state_dict()
    assert not torch.equal(found['layer.weight'], trained['layer.weight'])


@pytest.mark.parametrize('suffix', ['.pth', '.safetensors'])
def test_it_loads_as_load_from(
    suffix: str, trained: Path, tmp_path: Path
) -> None:
    done = publish(trained, tmp_path / f'a{suffix}')
    runner = tiny_runner(
        tmp_path, runner_class=Runner, load_from=str(done.path)
    )
    runner.load_or_resume()
    expected = read_checkpoint(trained)['state_dict']
    for name, value in runner.model.state_dict().items():
        assert torch.equal(value, expected[name])


def test_a_config_without_places() -> None:
    text, lost = inference_config(CONFIG)
    assert lost == ['test_pipeline']
    config = Config.fromstring(text, '.py')
    assert config.model.type == 'FasterRCNN'
    assert config.model.backbone.init_cfg.checkpoint == 'w.pth'
    assert config.model.backbone.out[1] == 'https://host/w.pth'
    assert config.test_dataloader.dataset.data_root == 'VOC'
    assert config.test_dataloader.dataset.pipeline == [dict(type='Resize')]
    assert set(config) == {'default_scope', 'model', 'test_dataloader'}


@pytest.mark.parametrize('text', ['x = = 1', '(' * 500, 'x = "\0"'])
def test_a_config_that_cannot_be_parsed_is_left_out(text: str) -> None:
    assert inference_config(text) == ('', ['the whole config'])


def test_views_take_their_own_memory_only(tmp_path: Path) -> None:
    whole = torch.zeros(10**5)
    state = OrderedDict(a=whole[:1], b=whole[:1], count=3)
    torch.save(dict(state_dict=state), tmp_path / 'in.pth')
    for suffix in ('.pth', '.safetensors'):
        done = publish(tmp_path / 'in.pth', tmp_path / f'a{suffix}')
        assert done.bytes < 5000
        assert done.notes == [
            'no class names: meta.dataset_meta is empty',
            'left out of state_dict, no tensors: count',
        ]


@pytest.mark.parametrize(
    ('out', 'content', 'message'),
    [
        ('a.zip', dict(w=torch.ones(1)), r'\*\.pth or \*\.safetensors'),
        ('a.pth', dict(state_dict={}), 'found no tensor'),
        (
            'a.safetensors',
            dict(w=torch.ones(1), meta=dict(dataset_meta={'a': 1j})),
            r'as JSON.*write a \*\.pth',
        ),
    ],
)
def test_what_cannot_be_published(
    out: str, content: dict, message: str, tmp_path: Path
) -> None:
    torch.save(content, tmp_path / 'in.pth')
    with pytest.raises(InputError, match=message):
        publish(tmp_path / 'in.pth', tmp_path / out)
    with pytest.raises(InputError, match='found no file'):
        publish(tmp_path / 'gone.pth', tmp_path / 'a.pth')


def test_the_tool(
    repository: Path, trained: Path, tmp_path: Path, monkeypatch, capsys
) -> None:
    tool = repository / 'tools' / 'model_converters' / 'publish_model.py'
    arguments = [str(trained), str(tmp_path / 'a.pth')]
    monkeypatch.setattr(sys, 'argv', [str(tool), *arguments])
    runpy.run_path(str(tool), run_name='__main__')
    (path,) = tmp_path.glob('a-*.pth')
    said = capsys.readouterr().out
    assert f'{path}: ' in said
    assert hashlib.sha256(path.read_bytes()).hexdigest() in said
