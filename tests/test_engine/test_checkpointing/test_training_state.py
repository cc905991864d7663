"""A file that is no state of a training is not resumed from."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import mmengine.runner
import pytest
import torch
from mmengine.runner import Runner as StockRunner
from safetensors.torch import save_file

from mmvision_ext.engine.checkpointing import (
    fault_of,
    newest_good,
    read_checkpoint,
    write_checkpoint,
)
from mmvision_ext.engine.runner import Runner
from mmvision_ext.testing.tiny_training import tiny_runner
from mmvision_ext.utils import InputError

CHANGES: dict[str, tuple[Callable[[dict], Any], str]] = {
    'weights alone': (
        lambda content: [content.pop(key) for key in ('meta', 'message_hub')],
        'no meta, no message_hub',
    ),
    'published': (
        lambda content: content.update(meta={}),
        'no meta.epoch, no meta.iter',
    ),
    'no epoch': (lambda content: content['meta'].pop('epoch'), 'meta.epoch'),
    'epoch': (
        lambda content: content['meta'].update(epoch='1'),
        'meta.epoch is str',
    ),
    'meta': (lambda content: content.update(meta=[1]), 'meta is list'),
    'config': (
        lambda content: content['meta'].update(cfg=3),
        'meta.cfg is int',
    ),
    'empty hub': (
        lambda content: content.update(message_hub={}),
        'no message_hub.log_scalars, no message_hub.runtime_info, '
        'no message_hub.resumed_keys',
    ),
    'no hub': (
        lambda content: content.update(message_hub=None),
        'message_hub is NoneType',
    ),
    'no weights': (
        lambda content: content.update(state_dict=[]),
        'state_dict is list',
    ),
}


@pytest.fixture(scope='module')
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of one epoch."""
    folder = tmp_path_factory.mktemp('trained')
    tiny_runner(folder, 1).train()
    return folder / 'epoch_1.pth'


def _changed(trained: Path, change: str) -> dict[str, Any]:
    content = read_checkpoint(trained)
    CHANGES[change][0](content)
    return content


def _resume(path: Path, kind: type[StockRunner], **settings: Any) -> None:
    work_dir = path.parent / 'again'
    work_dir.mkdir()
    tiny_runner(
        work_dir, 2, kind, resume=True, load_from=str(path), **settings
    ).load_or_resume()


@pytest.mark.parametrize('change', CHANGES)
@pytest.mark.parametrize('has_hook', [True, False])
def test_a_named_file(
    trained: Path, change: str, has_hook: bool, tmp_path: Path
) -> None:
    """mmengine's runner with our hook, and our runner without."""
    path = tmp_path / 'a.pth'
    write_checkpoint(_changed(trained, change), path)
    with pytest.raises(InputError) as caught:
        if has_hook:
            work_dir = tmp_path / 'again'
            work_dir.mkdir()
            tiny_runner(work_dir, 2, resume=True, load_from=str(path)).train()
        else:
            _resume(path, Runner, default_hooks={})
    text = str(caught.value)
    assert f'{path}: not a state of a training: ' in text
    assert CHANGES[change][1] in text
    assert 'name it in load_from, without --resume' in text


def test_load_from_takes_weights(trained: Path, tmp_path: Path) -> None:
    path = tmp_path / 'a.pth'
    write_checkpoint(_changed(trained, 'weights alone'), path)
    runner = tiny_runner(tmp_path, 1, Runner, load_from=str(path))
    runner.load_or_resume()
    expected = read_checkpoint(path)['state_dict']['layer.weight']
    assert torch.equal(runner.model.layer.weight, expected)


def test_the_newest(trained: Path, tmp_path: Path) -> None:
    good = tmp_path / 'epoch_1.pth'
    good.write_bytes(trained.read_bytes())
    write_checkpoint(_changed(trained, 'published'), tmp_path / 'epoch_2.pth')
    newest = newest_good(tmp_path)
    assert newest.path == good
    assert 'epoch_2.pth: not a state of a training: no meta.epoch' in str(
        newest.rejected
    )


@pytest.mark.parametrize('name', ['a.safetensors', 'A.SAFETENSORS'])
def test_sound_safetensors(trained: Path, name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    save_file(read_checkpoint(trained)['state_dict'], path)
    fault = fault_of(path)
    assert fault.startswith('not a state of a training: no meta.epoch')


def test_the_format_before_torch_1_6(trained: Path, tmp_path: Path) -> None:
    path = tmp_path / 'a.pth'
    content = read_checkpoint(trained)
    torch.save(content, path, _use_new_zipfile_serialization=False)
    for kind in (mmengine.runner.Runner, Runner):
        assert fault_of(path) is None
        _resume(path, kind)
        (tmp_path / 'again').rename(tmp_path / kind.__module__)
    path.write_bytes(path.read_bytes()[:-10])
    assert 'damaged' in fault_of(path)
