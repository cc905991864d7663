import math

import pytest
import torch
from mmengine.registry import MODELS, init_default_scope
from torch import nn
from torch.nn import functional as F

from mmvision_ext.models.backbones.cifar_block import CifarBlock
from mmvision_ext.utils import InputError

GHOST = dict(ratio=2)


def build(depth=20, **kwargs):
    torch.manual_seed(0)
    backbone = MODELS.build(
        dict(type='mmvision_ext.CifarResNet', depth=depth, **kwargs)
    )
    backbone.init_weights()
    return backbone


def count(backbone, num_classes=100):
    """With the linear layer of a classifier."""
    head = nn.Linear(backbone.feat_dim, num_classes)
    return sum(
        p.numel() for part in (backbone, head) for p in part.parameters()
    )


def conv_and_norm(state, x, name, stride=1):
    """Convolution with normalisation by running statistics, from weights."""
    weight = state[f'{name}.conv.weight']
    x = F.conv2d(x, weight, stride=stride, padding=weight.shape[-1] // 2)
    mean, var, scale, shift = (
        state[f'{name}.bn.{key}'].view(-1, 1, 1)
        for key in ('running_mean', 'running_var', 'weight', 'bias')
    )
    return (x - mean) / (var + 1e-5).sqrt() * scale + shift


def randomise(module):
    """Give the normalisation something to do."""
    for layer in module.modules():
        if isinstance(layer, nn.BatchNorm2d):
            for tensor in (layer.weight, layer.bias, layer.running_mean):
                nn.init.normal_(tensor)
            nn.init.uniform_(layer.running_var, 0.5, 2)
    module.eval()  # of mmpretrain's ResNet, returns None
    return module.double()


@pytest.mark.parametrize(
    ('depth', 'shortcut', 'expected'),
    [
        (20, 'A', 275_572),
        (32, 'A', 470_004),
        (44, 'A', 664_436),
        (56, 'A', 858_868),
        (110, 'A', 1_733_812),
        (20, 'B', 278_324),
        (32, 'B', 472_756),
        (44, 'B', 667_188),
        (56, 'B', 861_620),
        (110, 'B', 1_736_564),
    ],
)
def test_parameters(depth, shortcut, expected):
    assert count(build(depth, shortcut=shortcut)) == expected


def test_parameters_of_the_paper():
    """Table 6 of He et al.: CIFAR-10, option A, in millions."""
    for depth, expected in {20: 0.27, 32: 0.46, 44: 0.66, 56: 0.85}.items():
        found = count(build(depth), num_classes=10) / 1e6
        assert found == pytest.approx(expected, abs=0.006)
    assert count(build(110), 10) / 1e6 == pytest.approx(1.7, abs=0.05)


@pytest.mark.parametrize(
    ('depth', 'ghost', 'expected'),
    [
        (20, dict(ratio=2), 147_716),
        (32, dict(ratio=2), 247_396),
        (20, dict(ratio=3), 107_636),
        (20, dict(ratio=4), 82_412),
        (20, dict(ratio=2, kernel_size=1), 28_932),
        (32, dict(ratio=2, kernel_size=1), 42_596),
    ],
)
def test_parameters_with_ghost_modules(depth, ghost, expected):
    assert count(build(depth, shortcut='B', ghost=ghost)) == expected


def test_parameters_of_published_ghost_resnet56():
    """0.43 M in table 4 of the GhostNet paper, CIFAR-10."""
    found = count(build(56, ghost=GHOST), num_classes=10) / 1e6
    assert found == pytest.approx(0.43, abs=0.01)


@pytest.mark.parametrize('depth', [20, 32])
def test_attention_adds_its_kernels(depth):
    blocks = (depth - 2) // 2
    plain = count(build(depth))
    assert count(build(depth, attention=dict())) == plain + 3 * blocks
    wide = dict(type='mmvision_ext.ECALayer', kernel_size=7)
    assert count(build(depth, attention=wide)) == plain + 7 * blocks


@pytest.mark.parametrize('ghost', [None, GHOST], ids=['conv', 'ghost'])
@pytest.mark.parametrize('shortcut', ['A', 'B'])
def test_shapes_of_all_stages(shortcut, ghost):
    backbone = build(shortcut=shortcut, ghost=ghost, out_indices=(0, 1, 2))
    maps = backbone(torch.rand(2, 3, 32, 32))
    assert [tuple(x.shape) for x in maps] == [
        (2, 16, 32, 32),
        (2, 32, 16, 16),
        (2, 64, 8, 8),
    ]
    odd = backbone(torch.rand(1, 3, 45, 30))
    assert [tuple(x.shape[2:]) for x in odd] == [(45, 30), (23, 15), (12, 8)]
    [last] = build(shortcut=shortcut, ghost=ghost)(torch.rand(1, 3, 32, 32))
    assert last.shape == (1, 64, 8, 8)


@pytest.mark.parametrize('shortcut', ['A', 'B'])
def test_equals_the_definition(shortcut):
    """ResNet-20 at half width, computed from its weights."""
    backbone = randomise(build(base_channels=8, shortcut=shortcut))
    state = backbone.state_dict()
    stem = {
        'stem.conv.weight': state['conv1.weight'],
        **{
            key.replace('bn1.', 'stem.bn.'): value
            for key, value in state.items()
            if key.startswith('bn1.')
        },
    }
    image = torch.randn(2, 3, 16, 16, dtype=torch.float64)
    x = conv_and_norm(stem, image, 'stem').relu()
    for stage in (1, 2, 3):
        for block in range(3):
            name = f'layer{stage}.{block}'
            stride = 2 if stage > 1 and block == 0 else 1
            out = conv_and_norm(state, x, f'{name}.conv1', stride).relu()
            out = conv_and_norm(state, out, f'{name}.conv2')
            if stride == 2 and shortcut == 'A':
                x = torch.cat((x, torch.zeros_like(x)), dim=1)[..., ::2, ::2]
            elif stride == 2:
                x = conv_and_norm(state, x, f'{name}.shortcut', 2)
            x = (out + x).relu()
    [found] = backbone(image)
    torch.testing.assert_close(found, x)


def test_attention_position_is_as_defined():
    torch.manual_seed(0)
    x = torch.randn(2, 8, 6, 6, dtype=torch.float64)
    before = randomise(CifarBlock(8, 8, attention=dict()))
    after = CifarBlock(8, 8, attention=dict(), attention_position='after_add')
    after = after.double().eval()
    after.load_state_dict(before.state_dict())
    state, kernel = before.state_dict(), before.attention.conv.weight
    out = conv_and_norm(state, x, 'conv1').relu()
    out = conv_and_norm(state, out, 'conv2')

    def attend(maps):
        means = maps.mean(dim=(2, 3))[:, None]
        weights = F.conv1d(means, kernel, padding=1).sigmoid()
        return maps * weights[:, 0, :, None, None]

    torch.testing.assert_close(before(x), (attend(out) + x).relu())
    torch.testing.assert_close(after(x), attend((out + x).relu()))
    assert not torch.allclose(before(x), after(x))


def test_ghost_modules_stand_for_all_convolutions_but_the_first():
    backbone = build(shortcut='B', ghost=GHOST)
    ghosts = [
        name
        for name, module in backbone.named_modules()
        if type(module).__name__ == 'GhostModule'
    ]
    assert ghosts == [
        f'layer{stage}.{block}.conv{conv}'
        for stage in (1, 2, 3)
        for block in range(3)
        for conv in (1, 2)
    ]
    assert backbone.conv1.weight.shape == (16, 3, 3, 3)
    first, second = backbone.layer1[0].conv1, backbone.layer1[0].conv2
    assert first.primary.with_activation and first.cheap.with_activation
    assert not second.primary.with_activation
    assert not second.cheap.with_activation


@pytest.mark.parametrize('ghost', [None, GHOST], ids=['conv', 'ghost'])
def test_init_is_he_normal_from_the_inputs_of_a_unit(ghost):
    backbone = build(32, shortcut='B', ghost=ghost, base_channels=64)
    seen = 0
    for layer in backbone.modules():
        if isinstance(layer, nn.Conv2d):
            weight = layer.weight
            std = math.sqrt(2 / weight[0].numel())  # inputs of a unit
            error = 5 / math.sqrt(2 * weight.numel())  # 5 standard errors
            assert weight.std().item() == pytest.approx(std, rel=error)
            assert weight.abs().max() > 2.5 * std  # no uniform distribution
            assert layer.bias is None
            seen += 1
        elif isinstance(layer, nn.BatchNorm2d):
            assert (layer.weight == 1).all() and (layer.bias == 0).all()
    assert seen == (33 if ghost is None else 63)


@pytest.mark.parametrize(
    'kwargs',
    [
        dict(),
        dict(shortcut='B', attention=dict()),
        dict(attention=dict(), attention_position='after_add'),
        dict(shortcut='B', ghost=GHOST),
        dict(ghost=dict(ratio=4, kernel_size=1), attention=dict()),
    ],
    ids=['A', 'eca', 'eca-after', 'ghost', 'ghost-1x1-eca'],
)
def test_gradient_reaches_every_parameter(kwargs):
    backbone = build(**kwargs)
    [out] = backbone(torch.randn(4, 3, 32, 32))
    (out * torch.randn_like(out)).sum().backward()
    without = [
        name
        for name, parameter in backbone.named_parameters()
        if parameter.grad is None or not parameter.grad.any()
    ]
    assert not without


@pytest.mark.parametrize('frozen', [-1, 0, 1, 2, 3])
def test_frozen_stages_do_not_move(frozen):
    backbone = build(
        frozen_stages=frozen, shortcut='B', attention=dict(), ghost=GHOST
    )
    backbone.train()
    head = nn.Linear(64, 5)
    parameters = [*backbone.parameters(), *head.parameters()]
    optimizer = torch.optim.SGD(
        [p for p in parameters if p.requires_grad], lr=0.1, weight_decay=0.1
    )
    before = {k: v.clone() for k, v in backbone.state_dict().items()}
    scores = head(backbone(torch.randn(4, 3, 32, 32))[-1].mean((2, 3)))
    F.cross_entropy(scores, torch.arange(4)).backward()
    optimizer.step()
    moved = {
        name.split('.')[0]
        for name, value in backbone.state_dict().items()
        if not torch.equal(value, before[name])
    }
    parts = [{'conv1', 'bn1'}, {'layer1'}, {'layer2'}, {'layer3'}]
    assert moved == set().union(*parts[frozen + 1 :])


def test_feeds_a_feature_pyramid_of_mmdet():
    init_default_scope('mmdet')
    backbone = build(out_indices=(0, 1, 2))
    neck = MODELS.build(
        dict(
            type='mmdet.FPN',
            in_channels=[16, 32, 64],
            out_channels=8,
            num_outs=4,
        )
    )
    maps = neck(backbone(torch.rand(1, 3, 64, 48)))
    assert [tuple(x.shape) for x in maps] == [
        (1, 8, 64, 48),
        (1, 8, 32, 24),
        (1, 8, 16, 12),
        (1, 8, 8, 6),
    ]
    sum(x.sum() for x in maps).backward()
    assert all(p.grad is not None for p in backbone.parameters())


def test_normalisation_is_configurable():
    backbone = build(
        shortcut='B', ghost=GHOST, norm_cfg=dict(type='GN', num_groups=4)
    )
    norms = [m for m in backbone.modules() if isinstance(m, nn.GroupNorm)]
    assert len(norms) == 1 + 2 * 18 + 2
    assert not any(isinstance(m, nn.BatchNorm2d) for m in backbone.modules())


@pytest.mark.parametrize(
    ('kwargs', 'message'),
    [
        (dict(depth=18), 'model.backbone.depth.*20, 32, 44, 56, 110.*18'),
        (dict(depth='20'), "model.backbone.depth.*'20'"),
        (dict(shortcut='C'), "model.backbone.shortcut.*'A' or 'B', found 'C'"),
        (
            dict(attention_position='after'),
            "attention_position.*'before_add' or 'after_add', found 'after'",
        ),
        (dict(out_indices=(0, 3)), 'model.backbone.out_indices.*found 3'),
        (dict(frozen_stages=4), 'model.backbone.frozen_stages.*found 4'),
        (dict(ghost=dict(ratio=1)), 'GhostModule.*ratio.*found 1'),
        (dict(ghost=dict(kernel_size=2)), 'GhostModule: kernel_size.*odd'),
        (dict(attention=dict(kernel_size=4)), 'ECALayer: kernel_size.*odd'),
    ],
)
def test_a_wrong_argument_is_an_error(kwargs, message):
    with pytest.raises(InputError, match=message):
        build(**kwargs)
