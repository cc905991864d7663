"""Image towers of open_clip: equal to open_clip's, frozen or not."""

from pathlib import Path

import open_clip
import pytest
import torch
from mmengine.registry import MODELS
from torch import nn

from mmvision_ext.models import OpenCLIPImageTower, OpenCLIPTextEncoder
from mmvision_ext.testing.tiny_clip import (
    TINY_DIMENSIONS,
    TINY_RESNET,
    TINY_VIT,
    register_tiny_clip,
)
from mmvision_ext.utils import InputError

SIZES = {TINY_VIT: 32, TINY_RESNET: 64}


@pytest.fixture(scope='module', autouse=True)
def tiny_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the configs of the tiny architectures."""
    folder = tmp_path_factory.mktemp('tiny_clip')
    register_tiny_clip(folder)
    return folder


def pretrained(path: Path) -> dict:
    return dict(type='Pretrained', checkpoint=str(path))


@pytest.mark.parametrize('name', SIZES)
def test_embeddings_are_those_of_open_clip(name: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = open_clip.create_model(name).eval()
    path = tmp_path / 'clip.pt'
    torch.save(model.state_dict(), path)
    tower = MODELS.build(
        dict(
            type='mmvision_ext.OpenCLIPImageTower',
            architecture=name,
            init_cfg=pretrained(path),
        )
    ).eval()
    images = torch.randn(2, 3, SIZES[name], SIZES[name])
    with torch.no_grad():
        expected = model.encode_image(images)
        assert not torch.equal(tower(images)[-1], expected)
        tower.init_weights()
        [found] = tower(images)
        with torch.autocast('cpu', torch.bfloat16):
            [precise] = tower(images.bfloat16().float())
            [half] = tower(images.bfloat16())
    assert torch.equal(found, expected)
    assert found.shape == (2, TINY_DIMENSIONS)
    assert precise.dtype == half.dtype == torch.float32
    assert torch.equal(precise, half)
    assert set(tower.state_dict()) == {
        key for key in model.state_dict() if key.startswith('visual.')
    }


@pytest.mark.parametrize('frozen', [False, True])
def test_frozen_learns_nothing(frozen: bool) -> None:
    tower = OpenCLIPImageTower(TINY_RESNET, frozen=frozen)
    before = {k: v.clone() for k, v in tower.state_dict().items()}
    tower.train()
    norms = [m for m in tower.modules() if isinstance(m, nn.BatchNorm2d)]
    assert norms and all(norm.training != frozen for norm in norms)
    [out] = tower(torch.randn(2, 3, 64, 64))
    assert out.requires_grad != frozen
    assert all(p.requires_grad != frozen for p in tower.parameters())
    moved = [
        k
        for k, v in tower.state_dict().items()
        if not torch.equal(v, before[k])
    ]
    assert bool(moved) != frozen


def test_the_tower_that_an_encoder_writes(tmp_path: Path) -> None:
    encoder = OpenCLIPTextEncoder(TINY_VIT)
    path = tmp_path / 'tower.pth'
    torch.save(dict(state_dict=encoder.image_tower()), path)
    tower = OpenCLIPImageTower(TINY_VIT, init_cfg=pretrained(path)).eval()
    tower.init_weights()
    images = torch.randn(1, 3, 32, 32)
    with torch.no_grad():
        expected = encoder.model.encode_image(images)
        assert torch.equal(tower(images)[0], expected)


def test_a_classifier_takes_a_clip_checkpoint() -> None:
    model = open_clip.create_model(TINY_VIT)
    classifier = MODELS.build(
        dict(
            type='mmpretrain.ImageClassifier',
            backbone=dict(
                type='mmvision_ext.OpenCLIPImageTower', architecture=TINY_VIT
            ),
        )
    )
    found = classifier.load_state_dict(model.state_dict(), strict=False)
    assert not found.missing_keys
    assert not any('visual' in name for name in found.unexpected_keys)
    own = classifier.state_dict()
    for name, value in model.visual.state_dict().items():
        assert torch.equal(own[f'backbone.visual.{name}'], value)
    classifier.load_state_dict(own)  # its own names stay


def test_weights_of_another_tower(tmp_path: Path) -> None:
    path = tmp_path / 'clip.pt'
    torch.save(open_clip.create_model(TINY_RESNET).state_dict(), path)
    tower = OpenCLIPImageTower(TINY_VIT, init_cfg=pretrained(path))
    with pytest.raises(InputError, match='of another image tower') as error:
        tower.init_weights()
    assert str(path) in str(error.value)
    with pytest.raises(InputError, match="found 'RN5O'; did you mean 'RN50"):
        OpenCLIPImageTower('RN5O')
