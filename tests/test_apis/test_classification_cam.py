"""Grad-CAM against class activation maps and finite differences."""

from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import MODELS, DefaultScope
from torch import nn

from mmvision_ext.apis.grad_cam import (
    GradCam,
    as_maps,
    class_activation,
    default_layer,
)
from mmvision_ext.apis.grad_cam_pages import explain_images, page_names
from mmvision_ext.apis.sources import ImageSource, list_sources
from mmvision_ext.testing.image_folders import make_class_folders
from mmvision_ext.utils import InputError

CLASSES = ('bird', 'cat', 'dog')
CONV = dict(type='ResNet_CIFAR', depth=18, stem_channels=8, base_channels=8)
VIT = dict(
    type='VisionTransformer',
    arch=dict(
        embed_dims=8, num_layers=2, num_heads=2, feedforward_channels=16
    ),
    img_size=(32, 48),
    patch_size=8,
)
SWIN = dict(
    type='SwinTransformer',
    arch=dict(embed_dims=16, depths=[1, 1], num_heads=[2, 2]),
    img_size=32,
    window_size=4,
    out_indices=(1,),
)
LINEAR = dict(type='LinearClsHead', num_classes=3)
CONV_GAP = dict(type='mmvision_ext.ConvGAPHead', num_classes=3, in_channels=64)
VIT_HEAD = dict(type='VisionTransformerClsHead', num_classes=3, in_channels=8)
POOL = dict(type='GlobalAveragePooling')


def _config(**parts: object) -> Config:
    return Config(
        dict(
            default_scope='mmpretrain',
            model=dict(type='ImageClassifier', **parts),
            test_dataloader=dict(
                dataset=dict(
                    type='CustomDataset',
                    pipeline=[
                        dict(type='LoadImageFromFile'),
                        dict(type='CenterCrop', crop_size=32),
                        dict(type='PackInputs'),
                    ],
                )
            ),
        )
    )


def _model(**parts: object) -> nn.Module:
    torch.manual_seed(1)
    config = _config(**parts)
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        model = MODELS.build(config.model)
    model.cfg, model.dataset_meta = config, {'classes': CLASSES}
    return model.eval()


def _image(height: int = 32, width: int = 32) -> torch.Tensor:
    torch.manual_seed(2)
    return torch.randn(1, 3, height, width)


@pytest.mark.parametrize('target', [0, 2])
def test_is_the_class_map_of_a_head_that_averages(target: int) -> None:
    model = _model(backbone=CONV, head=CONV_GAP)
    nn.init.normal_(model.head.conv.bias)
    inputs = _image()
    found = class_activation(model, inputs, 'backbone', target)
    with torch.no_grad():
        maps = model.head.class_maps(model.backbone(inputs))[0, target]
    expected = (maps - model.head.conv.bias[target].item()).clamp(min=0)
    assert found.shape == (4, 4) and found.max() > 0
    assert found * 16 == pytest.approx(expected, abs=1e-5)


def test_is_the_class_map_of_pooling_and_a_linear_head() -> None:
    model = _model(backbone=CONV, neck=POOL, head=dict(LINEAR, in_channels=64))
    inputs = _image()
    found = class_activation(model, inputs, 'backbone', 1)
    with torch.no_grad():
        maps = model.backbone(inputs)[-1][0]
        weights = model.head.fc.weight[1].detach()
    expected = torch.einsum('d,dhw->hw', weights, maps).clamp(min=0)
    assert found * 16 == pytest.approx(expected.numpy(), abs=1e-5)


def test_of_tokens_is_that_of_finite_differences() -> None:
    """A 4 x 6 grid behind a class token; the class token is left out."""
    model = _model(backbone=VIT, head=VIT_HEAD).double()
    nn.init.normal_(model.head.layers.head.weight)
    inputs = _image(32, 48).double()
    layer, target = 'backbone.layers.1.ln1', 2
    found = class_activation(model, inputs, layer, target)
    norm = model.get_submodule(layer)
    kept = []

    def score(channel: int, step: float) -> float:
        def shift(_m: nn.Module, _i: object, output: torch.Tensor):
            kept.append(output.clone())
            output = output.clone()
            output[:, 1:, channel] += step
            return output

        handle = norm.register_forward_hook(shift)
        with torch.no_grad():
            value = model(inputs, mode='tensor')[0, target].item()
        handle.remove()
        return value

    step = 1e-5
    weights = [
        (score(channel, step) - score(channel, -step)) / (2 * step) / 24
        for channel in range(8)
    ]
    tokens = kept[0][0, 1:].numpy()
    expected = np.maximum(tokens @ np.array(weights), 0).reshape(4, 6)
    assert expected.max() > 0
    assert found.numpy() == pytest.approx(expected, rel=1e-4, abs=1e-9)


@pytest.mark.parametrize(
    ('parts', 'expected'),
    [
        (dict(backbone=CONV, head=CONV_GAP), 'backbone'),
        (
            dict(backbone=SWIN, neck=POOL, head=dict(LINEAR, in_channels=32)),
            'backbone',
        ),
        (
            dict(backbone=dict(VIT, img_size=32), head=VIT_HEAD),
            'backbone.layers.1.ln1',
        ),
        (
            dict(
                backbone=dict(VIT, img_size=32, out_type='avg_featmap'),
                head=dict(LINEAR, in_channels=8),
            ),
            'backbone.ln1',
        ),
    ],
    ids=['conv', 'swin', 'class-token', 'mean-of-tokens'],
)
def test_default_layer(parts: dict, expected: str) -> None:
    """With a class token, later layers have no slope at the other tokens."""
    assert default_layer(_model(**parts), _image(), 0) == expected


def test_no_hooks_are_left() -> None:
    model = _model(backbone=CONV, head=CONV_GAP)
    layer = default_layer(model, _image(), 0)
    class_activation(model, _image(), layer, 0)
    assert not any(module._forward_hooks for module in model.modules())


@pytest.mark.parametrize(
    ('length', 'size', 'grid'),
    [
        (49, (224, 224), (7, 7)),
        (197, (224, 224), (14, 14)),
        (198, (224, 224), (14, 14)),
        (261, (224, 224), (16, 16)),
        (25, (32, 48), (4, 6)),
        (1, (224, 224), None),
        (200 + 7, (224, 224), None),
    ],
)
def test_grid_of_tokens(length: int, size: tuple, grid: tuple | None) -> None:
    tokens = torch.arange(length).float().reshape(1, length, 1)
    maps = as_maps(tokens, size)
    if grid is None:
        assert maps is None
        return
    assert maps is not None and maps.shape == (1, 1, *grid)
    assert maps[0, 0, -1, -1] == length - 1
    assert maps[0, 0, 0, 1] - maps[0, 0, 0, 0] == 1


def test_layers_without_positions_are_refused() -> None:
    model = _model(backbone=CONV, neck=POOL, head=dict(LINEAR, in_channels=64))
    with pytest.raises(InputError, match=r'layer neck.*\(1, 64\)'):
        class_activation(model, _image(), 'neck', 0)


def test_the_network_s_own_view_is_shown_in_rgb(tmp_path: Path) -> None:
    """A 32 x 64 image, red in the middle; the pipeline crops 32 x 32."""
    model = _model(backbone=CONV, head=CONV_GAP)
    pixels = np.zeros((32, 64, 3), np.uint8)
    pixels[:, 16:48, 2] = 255  # BGR
    cam = GradCam(model)
    result = cam(ImageSource('array', array=pixels), 1)
    assert result.image.shape == (32, 32, 3)
    assert (result.image == [255, 0, 0]).all()
    assert result.heat.shape == (32, 32)
    assert result.heat.max() in (pytest.approx(1), 0)
    assert result.target == 1 and result.layer == 'backbone'
    assert result.probabilities.sum() == pytest.approx(1)


def test_heat_does_not_depend_on_the_size_of_the_score() -> None:
    model = _model(backbone=CONV, head=CONV_GAP)
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (32, 32, 3)).astype(np.uint8)
    source = ImageSource('array', array=pixels)
    before = GradCam(model)(source, 1).heat
    with torch.no_grad():
        model.head.conv.weight *= 1e-15
    after = GradCam(model)(source, 1).heat
    assert before.max() == pytest.approx(1)
    assert after == pytest.approx(before, abs=1e-4)


def test_pages_and_skipped_images(tmp_path: Path) -> None:
    folder = make_class_folders(tmp_path / 'in', ('a',), 2) / 'a'
    (folder / 'broken.jpg').write_bytes(b'nothing')
    cam = GradCam(_model(backbone=CONV, head=CONV_GAP))
    lines, skipped = explain_images(
        cam, list_sources(folder), tmp_path / 'out', 'cat'
    )
    assert len(lines) == 2 and 'image_0001.png: ' in lines[0]
    assert len(skipped) == 1 and 'broken.jpg' in skipped[0]
    assert sorted(path.name for path in (tmp_path / 'out').iterdir()) == [
        'image_0001.png',
        'image_0002.png',
    ]
    with pytest.raises(InputError, match=r'image .*broken.jpg: expected'):
        explain_images(
            cam, list_sources(folder / 'broken.jpg'), tmp_path / 'out'
        )


def test_a_wrong_layer_is_no_unreadable_image(tmp_path: Path) -> None:
    folder = make_class_folders(tmp_path, ('a',), 2)
    with pytest.raises(InputError, match="none named 'nowhere'"):
        GradCam(_model(backbone=CONV, head=CONV_GAP), 'nowhere')
    cam = GradCam(
        _model(backbone=CONV, neck=POOL, head=dict(LINEAR, in_channels=64)),
        'neck',
    )
    with pytest.raises(InputError, match='layer neck'):
        explain_images(cam, list_sources(folder / 'a'), tmp_path / 'out')


def test_page_names_differ() -> None:
    names = ['x/a.jpg', 'y/a.jpg', 'y/b.jpg', 'z/y/a.png']
    sources = [ImageSource(name, Path(name)) for name in names]
    assert page_names(sources) == ['x_a', 'y_a', 'b', 'y_a_2']
