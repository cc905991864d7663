"""Rates rise from the stem to the head, whatever the backbone."""

import logging
from typing import Any

import pytest
import torch
from mmengine.logging import MMLogger
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope
from mmpretrain.registry import MODELS
from torch import nn

from mmvision_ext.utils import InputError

RATE = 0.5
# A backbone, the layers it is seen to have, parameters of the first and last.
BACKBONES = {
    'resnet-18': (
        dict(type='ResNet', depth=18),
        9,  # stem and eight blocks; mmpretrain knows the deep ones only
        'conv1.weight',
        'layer4.1.bn2.bias',
    ),
    'mobilenet-v2': (
        dict(type='MobileNetV2'),
        19,  # stem, 17 inverted residuals, last convolution
        'conv1.conv.weight',
        'conv2.bn.weight',
    ),
    'efficientnet-lite0': (
        dict(type='TIMMBackbone', model_name='tf_efficientnet_lite0'),
        18,  # stem, 16 blocks, last convolution
        'timm_model.conv_stem.weight',
        'timm_model.bn2.bias',
    ),
    'swin-t': (
        dict(type='SwinTransformer', arch='tiny'),
        13,  # by mmpretrain: patch embedding and 12 blocks
        'patch_embed.projection.weight',
        'stages.3.blocks.1.ffn.layers.1.bias',
    ),
    'alexnet': (
        dict(type='AlexNet'),
        5,
        'features.0.weight',
        'features.10.bias',
    ),
}


def _classifier(backbone: dict[str, Any]) -> nn.Module:
    init_default_scope('mmpretrain')
    head = dict(type='LinearClsHead', num_classes=3, in_channels=8)
    return MODELS.build(
        dict(type='ImageClassifier', backbone=backbone, head=head)
    )


def _groups(model: nn.Module, **paramwise: Any) -> list[dict[str, Any]]:
    wrapper = build_optim_wrapper(
        model,
        dict(
            optimizer=dict(type='AdamW', lr=1e-3, weight_decay=0.05),
            constructor='mmvision_ext.LayerDecayOptimWrapperConstructor',
            paramwise_cfg=dict(layer_decay_rate=RATE, **paramwise),
        ),
    )
    # The wrapper's own list has mmengine's base settings behind them.
    return wrapper.optimizer.param_groups


@pytest.mark.parametrize('name', BACKBONES)
def test_rates_rise_from_the_stem_to_the_head(name: str) -> None:
    backbone, layers, first, last = BACKBONES[name]
    model = _classifier(backbone)
    groups = _groups(model, norm_decay_mult=0.0, bias_decay_mult=0.0)
    grouped = [id(p) for group in groups for p in group['params']]
    assert len(grouped) == len(set(grouped))
    assert set(grouped) == {id(p) for p in model.parameters()}
    group_of = {id(p): group for group in groups for p in group['params']}
    names = dict(model.named_parameters())
    rates = [group['lr'] for group in groups]
    assert rates == sorted(rates)
    assert len(set(rates)) == layers + 1
    for key in ('head.fc.weight', 'head.fc.bias'):
        assert group_of[id(names[key])]['lr'] == 1e-3
        assert group_of[id(names[key])]['name'] == 'head'
    stem = group_of[id(names[f'backbone.{first}'])]
    assert (stem['lr'], stem['name']) == (1e-3 * RATE**layers, 'layer_00')
    end = group_of[id(names[f'backbone.{last}'])]
    assert (end['lr'], end['name']) == (1e-3 * RATE, f'layer_{layers - 1:02d}')


def test_depth_follows_the_blocks() -> None:
    model = _classifier(dict(type='MobileNetV2'))
    groups = _groups(model)
    rate_of = {id(p): g['lr'] for g in groups for p in g['params']}
    rates: dict[str, set[float]] = {}
    for name, parameter in model.backbone.named_parameters():
        block = '.'.join(name.split('.')[: 2 if name[0] == 'l' else 1])
        rates.setdefault(block, set()).add(rate_of[id(parameter)])
    assert [rate for [rate] in rates.values()] == [
        1e-3 * RATE ** (19 - depth) for depth in range(19)
    ]


def test_norms_and_biases_go_without_weight_decay() -> None:
    model = _classifier(dict(type='ResNet', depth=18))
    groups = _groups(model, norm_decay_mult=0.0, bias_decay_mult=0.1)
    decay_of = {
        id(p): group['weight_decay']
        for group in groups
        for p in group['params']
    }
    decays = {name: decay_of[id(p)] for name, p in model.named_parameters()}
    assert decays['backbone.bn1.weight'] == decays['backbone.bn1.bias'] == 0
    assert decays['head.fc.bias'] == pytest.approx(0.005)
    assert {decay for name, decay in decays.items() if 'conv' in name} == {
        0.05
    }
    # Two groups a layer at most, not one a parameter; and the head's two.
    assert len(groups) == 2 * 9 + 2


def test_frozen_stages_have_no_group() -> None:
    model = _classifier(dict(type='ResNet', depth=18, frozen_stages=1))
    groups = _groups(model)
    grouped = {id(p) for group in groups for p in group['params']}
    assert grouped == {id(p) for p in model.parameters() if p.requires_grad}
    assert groups[0]['name'] == 'layer_03'


class Tokens(nn.Module):
    """A model whose backbone has a parameter of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = nn.Module()
        self.backbone.blocks = nn.ModuleList(
            nn.Sequential(nn.LayerNorm(2), nn.Linear(2, 2)) for _ in range(2)
        )
        self.backbone.token = nn.Parameter(torch.zeros(1, 2))
        self.fc = nn.Linear(2, 2)


def test_parameters_of_the_backbone_itself_belong_to_the_stem() -> None:
    model = Tokens()
    groups = _groups(model)
    names = {id(p): g['name'] for g in groups for p in g['params']}
    assert names[id(model.backbone.token)] == 'layer_00'
    # The norm of the second block stands behind the first block's layer.
    linear = model.backbone.blocks[1][1].weight
    assert names[id(linear)] == 'layer_02'
    assert names[id(model.fc.bias)] == 'head'


def test_a_rate_of_one_still_names_layers() -> None:
    model = Tokens()
    groups = build_optim_wrapper(
        model,
        dict(
            optimizer=dict(type='SGD', lr=0.1, weight_decay=0.0),
            constructor='mmvision_ext.LayerDecayOptimWrapperConstructor',
            paramwise_cfg=dict(layer_decay_rate=1.0),
        ),
    ).optimizer.param_groups
    assert {group['lr'] for group in groups} == {0.1}
    assert len({group['name'] for group in groups}) == 4


def test_the_table_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    model = _classifier(dict(type='AlexNet'))
    logger = MMLogger.get_instance('table')
    logger.addHandler(caplog.handler)
    with caplog.at_level(logging.INFO):
        _groups(model)
    [table] = [m for m in caplog.messages if 'layer-wise' in m]
    lines = table.splitlines()[1:]
    assert [line.split()[0] for line in lines] == [
        *(f'layer_0{depth}' for depth in range(5)),
        'head',
    ]
    assert lines[0].split()[1:] == (
        'x 0.0312 lr 3.13e-05 23,296 parameters backbone.features.0'.split()
    )


@pytest.mark.parametrize(
    ('paramwise', 'message'),
    [
        (dict(layer_decay_rate=1.5), r'in \(0, 1\], found 1.5'),
        (dict(), 'layer_decay_rate in .* found None'),
        (
            dict(layer_decay_rate=0.5, norm_decay=0.0),
            "no option 'norm_decay'; did you mean 'norm_decay_mult'",
        ),
        (
            dict(
                layer_decay_rate=0.5,
                custom_keys={'backbone': dict(lr_mult=0.1)},
            ),
            r"custom_keys\['backbone'\] has lr_mult",
        ),
    ],
)
def test_options_that_cannot_be_meant(
    paramwise: dict[str, Any], message: str
) -> None:
    cfg = dict(
        optimizer=dict(type='SGD', lr=0.1, weight_decay=0.0),
        constructor='mmvision_ext.LayerDecayOptimWrapperConstructor',
        paramwise_cfg=paramwise,
    )
    with pytest.raises(InputError, match=message):
        build_optim_wrapper(Tokens(), cfg)


def test_the_optimizer_has_to_name_its_weight_decay() -> None:
    cfg = dict(
        optimizer=dict(type='SGD', lr=0.1),
        constructor='mmvision_ext.LayerDecayOptimWrapperConstructor',
        paramwise_cfg=dict(layer_decay_rate=0.5),
    )
    with pytest.raises(InputError, match='optimizer.weight_decay, found none'):
        build_optim_wrapper(Tokens(), cfg)


def test_a_model_without_a_backbone_is_refused() -> None:
    with pytest.raises(InputError, match='backbone that has parameters'):
        _groups(nn.Sequential(nn.Linear(2, 2)))
