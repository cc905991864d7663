"""The command that renames torchvision's and timm's weights."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest
import torch
import torchvision
from mmengine.registry import MODELS

CONFIG = (
    'configs/caltech101/resnet18_conv-gap_finetune_1xb32-50e_caltech101.py'
)


@pytest.fixture(scope='module')
def tool(repository: Path) -> ModuleType:
    """The command-line tool as a module."""
    path = repository / 'tools' / 'model_converters' / 'to_mmpretrain.py'
    spec = importlib.util.spec_from_file_location('to_mmpretrain', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_command_writes_what_the_config_loads(
    tool: ModuleType,
    repository: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
) -> None:
    source = torchvision.models.resnet18(num_classes=7).state_dict()
    given, out = tmp_path / 'given.pth', tmp_path / 'new' / 'out.pth'
    torch.save(source, given)
    monkeypatch.setattr(
        sys,
        'argv',
        ['x', str(given), str(repository / CONFIG), '--out', str(out)],
    )
    tool.main()
    printed = capsys.readouterr().out
    assert '120 entries loaded (100.0% of the values), 0 missing' in printed
    assert 'not used: fc.weight; fc.bias' in printed
    backbone = MODELS.build(
        dict(
            type='mmpretrain.ResNet',
            depth=18,
            init_cfg=dict(type='Pretrained', checkpoint=str(out)),
        )
    )
    backbone.init_weights()
    assert torch.equal(
        backbone.layer3[0].conv1.weight, source['layer3.0.conv1.weight']
    )


def test_another_network_is_one_message(
    tool: ModuleType,
    repository: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
) -> None:
    given, out = tmp_path / 'given.pth', tmp_path / 'out.pth'
    torch.save(dict(weight=torch.rand(3)), given)
    monkeypatch.setattr(
        sys,
        'argv',
        ['x', str(given), str(repository / CONFIG), '--out', str(out)],
    )
    with pytest.raises(SystemExit) as stopped:
        tool.main()
    assert stopped.value.code == 2
    assert 'another network' in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (None, 'expected a file, found none at'),
        ('a = (', 'cannot be read: SyntaxError'),
        ('a = 1', 'model: expected in the config, found none'),
        ('model = dict(type="x")', 'model: cannot be built'),
        ('model = dict(backbone=dict(type="Nope"))', 'cannot be built: Key'),
        ('model = dict(backbone=dict(type="ResNet", depth=18))', 'another ne'),
    ],
)
def test_wrong_configs_are_one_message(
    content: str | None,
    message: str,
    tool: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
) -> None:
    config, given = tmp_path / 'config.py', tmp_path / 'given.pth'
    torch.save(dict(weight=torch.rand(3)), given)
    if content is not None:
        config.write_text(content)
    out = str(tmp_path / 'out.pth')
    monkeypatch.setattr(
        sys, 'argv', ['x', str(given), str(config), '--out', out]
    )
    with pytest.raises(SystemExit) as stopped:
        tool.main()
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err
