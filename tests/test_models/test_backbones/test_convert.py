"""Weights of torchvision and timm in backbones of mmpretrain."""

import pytest
import timm
import torch
import torchvision
from mmengine.registry import MODELS
from safetensors.torch import save_file

from mmvision_ext.models.backbones.convert import (
    convert_to_backbone,
    read_weights,
)
from mmvision_ext.utils import InputError


@pytest.fixture
def vgg():
    """torchvision's VGG-11: other names, a classifier at the end."""
    torch.manual_seed(0)
    with torch.device('meta'):
        model = torchvision.models.vgg11()
    model.classifier = torch.nn.Sequential(torch.nn.Linear(512, 7))
    return model.to_empty(device='cpu').apply(_randomise)


def _randomise(module):
    for parameter in module.parameters(recurse=False):
        torch.nn.init.normal_(parameter, std=0.05)


def test_by_order_gives_the_same_features(vgg):
    backbone = MODELS.build(dict(type='mmpretrain.VGG', depth=11))
    state, report = convert_to_backbone(vgg.state_dict(), backbone)
    assert report.loaded_fraction == 1
    assert not report.missing and not report.mismatched
    assert report.unexpected == ['classifier.0.weight', 'classifier.0.bias']
    backbone.load_state_dict(state)
    backbone.eval()  # returns None in mmpretrain
    images = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(
            backbone(images)[-1], vgg.eval().features(images)
        )


def test_timm_by_order():
    torch.manual_seed(0)
    source = timm.create_model('mobilenetv2_100', num_classes=10).eval()
    backbone = MODELS.build(dict(type='mmpretrain.MobileNetV2'))
    state, report = convert_to_backbone(source.state_dict(), backbone)
    assert not report.missing
    backbone.load_state_dict(state)
    backbone.eval()  # returns None in mmpretrain
    images = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(
            backbone(images)[-1], source.forward_features(images)
        )


def test_names_that_fit_are_kept():
    source = torchvision.models.resnet18(num_classes=7).state_dict()
    backbone = MODELS.build(dict(type='mmpretrain.ResNet', depth=18))
    state, report = convert_to_backbone(source, backbone)
    assert set(state) == set(backbone.state_dict())
    assert report.unexpected == ['fc.weight', 'fc.bias']
    source['layer1.0.conv1.weight'] = torch.zeros(2, 3)
    del source['bn1.bias']
    _, report = convert_to_backbone(source, backbone)
    assert report.missing == ['bn1.bias']
    assert report.mismatched == {
        'layer1.0.conv1.weight': ((2, 3), (64, 64, 3, 3))
    }


def test_old_files_without_counters_of_batch_norm():
    source = torchvision.models.mobilenet_v2(num_classes=7).state_dict()
    source = {
        name: value
        for name, value in source.items()
        if not name.endswith('num_batches_tracked')
    }
    backbone = MODELS.build(dict(type='mmpretrain.MobileNetV2'))
    state, report = convert_to_backbone(source, backbone)
    assert report.missing
    assert all(name.endswith('num_batches_tracked') for name in report.missing)
    assert len(state) + len(report.missing) == len(backbone.state_dict())


def test_another_network_is_refused(vgg):
    backbone = MODELS.build(dict(type='mmpretrain.VGG', depth=13))
    with pytest.raises(InputError, match='another network'):
        convert_to_backbone(vgg.state_dict(), backbone)


def test_files(tmp_path):
    weights = dict(a=torch.rand(2), b=torch.rand(3))
    wrapped = {f'module.{name}': value for name, value in weights.items()}
    torch.save(weights, tmp_path / 'bare.pth')
    torch.save(dict(state_dict=wrapped, epoch=3), tmp_path / 'wrapped.pth')
    torch.save(dict(model=weights), tmp_path / 'model.pth')
    save_file(weights, tmp_path / 'timm.safetensors')
    for path in tmp_path.iterdir():
        found = read_weights(path)
        assert list(found) == ['a', 'b'], path
        assert all(torch.equal(found[name], weights[name]) for name in found)


def test_files_without_weights_are_refused(tmp_path):
    torch.save(dict(epoch=3), tmp_path / 'a.pth')
    with pytest.raises(InputError, match=r"no tensor .*\['epoch'\]"):
        read_weights(tmp_path / 'a.pth')
    for name in ('gone.pth', 'gone.safetensors'):
        with pytest.raises(InputError, match=f'found none at .*{name}'):
            read_weights(tmp_path / name)


def test_damaged_safetensors_are_refused(tmp_path):
    path = tmp_path / 'half.safetensors'
    save_file({'w': torch.ones(9)}, path)
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(InputError, match=r'half\.safetensors.*damaged'):
        read_weights(path)


def test_keys_that_are_no_names_are_refused(tmp_path):
    torch.save({0: torch.ones(2)}, tmp_path / 'list.pth')
    with pytest.raises(InputError, match='no tensor under the keys'):
        read_weights(tmp_path / 'list.pth')
