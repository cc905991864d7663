"""What mmengine loads by file, address or name goes through our reader."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from mmengine.runner import CheckpointLoader

from mmvision_ext.engine.checkpointing import read_source, use_safe_loader
from mmvision_ext.engine.checkpointing.sources import load_from_weights_only
from mmvision_ext.utils import InputError


def test_no_loader_of_mmengine_is_left() -> None:
    use_safe_loader()
    assert set(CheckpointLoader._schemes.values()) == {load_from_weights_only}


def test_only_who_uses_the_scope_gets_it() -> None:
    code = (
        'from mmengine.runner import CheckpointLoader as L\n'
        'import mmvision_ext, mmvision_ext.ops\n'
        's = L._schemes\n'
        'show = lambda: print("set:", {f.__module__ for f in s.values()})\n'
        'show()\n'
        'from mmengine.registry import HOOKS\n'
        'HOOKS.get("mmvision_ext.FreezeHook")\n'
        'show()\n'
    )
    done = subprocess.run(
        [sys.executable, '-c', code],
        capture_output=True,
        text=True,
        check=True,
    )
    said = [s for s in done.stdout.splitlines() if s.startswith('set:')]
    assert said == [
        "set: {'mmengine.runner.checkpoint'}",
        "set: {'mmvision_ext.engine.checkpointing.sources'}",
    ]


@pytest.mark.parametrize(
    ('name', 'file'),
    [
        ('torchvision://resnet18', 'resnet18-'),
        ('open-mmlab://resnest50', 'resnest50'),
        ('open-mmlab://detectron/resnet50_gn', 'resnet50_gn-'),
        ('mmcls://mobilenet_v2', 'mobilenet_v2_batch256'),
    ],
)
def test_weights_of_a_model_zoo_are_read_safely(
    name: str, file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    monkeypatch.setattr(
        'mmvision_ext.engine.checkpointing.sources.read_checkpoint',
        lambda source: asked.append(source) or {'backbone.a': 0, 'head': 1},
    )
    content = read_source(name)
    assert asked[0].startswith('https://')
    assert asked[0].rpartition('/')[2].startswith(file)
    if name.startswith('mmcls'):
        assert content['state_dict'] == {'a': 0}
    with pytest.raises(InputError, match='expected a file.*did you mean'):
        read_source(f'{name}x')
    with pytest.raises(InputError, match='expected a file'):
        read_source('s3://bucket/a.pth')


def test_metadata_of_a_state_dict_stays(tmp_path: Path) -> None:
    state = torch.nn.BatchNorm1d(2).state_dict()
    torch.save(state, tmp_path / 'a.pth')
    found = CheckpointLoader.load_checkpoint(str(tmp_path / 'a.pth'))
    assert found._metadata == state._metadata
