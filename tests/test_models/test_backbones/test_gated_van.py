"""What MSCAN and LSKNet share."""

import math
from pathlib import Path

import pytest
import torch
from mmdet.testing import demo_mm_inputs
from mmengine.config import Config
from mmengine.registry import MODELS, init_default_scope
from torch import nn
from torch.nn import functional as F

from mmvision_ext.models.backbones.gated_van import GatedBlock
from mmvision_ext.utils import InputError

TYPES = ('mmvision_ext.MSCAN', 'mmvision_ext.LSKNet')
SMALL = dict(
    embed_dims=(8, 16, 24, 32), depths=(1, 2, 1, 1), ffn_ratios=(8, 4, 2, 1)
)
CONFIGS = Path(__file__).resolve().parents[3] / 'configs'


@pytest.fixture(params=TYPES, ids=lambda name: name.split('.')[1])
def build(request):
    """Makes a small backbone of each class."""
    torch.manual_seed(0)

    def make(**kwargs):
        return MODELS.build({'type': request.param, 'arch': SMALL, **kwargs})

    return make


def test_stages(build):
    maps = build(out_indices=(0, 1, 2, 3)).eval()(torch.rand(2, 3, 64, 96))
    assert [tuple(m.shape) for m in maps] == [
        (2, 8, 16, 24),
        (2, 16, 8, 12),
        (2, 24, 4, 6),
        (2, 32, 2, 3),
    ]
    some = build(out_indices=(1, 3))(torch.rand(1, 3, 50, 70))
    assert [tuple(m.shape) for m in some] == [(1, 16, 7, 9), (1, 32, 2, 3)]


def test_three_stages(build):
    arch = dict(embed_dims=[8, 16, 24], depths=[1] * 3, ffn_ratios=[2] * 3)
    (last,) = build(arch=arch, out_indices=(2,))(torch.rand(1, 3, 32, 32))
    assert last.shape == (1, 24, 2, 2)


def test_memory_format_changes_nothing(build):
    model = build(out_indices=(0, 3)).eval()
    x = torch.rand(2, 3, 64, 64)
    expected = model(x)
    model = model.to(memory_format=torch.channels_last)
    found = model(x.to(memory_format=torch.channels_last))
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other)
    assert found[0].is_contiguous(memory_format=torch.channels_last)


def test_stage_output_is_normed_and_passed_on(build):
    model = build(out_indices=(0, 1)).eval()
    first, second = model(torch.rand(2, 3, 32, 32))
    assert first.mean(1).abs().max() < 1e-5
    torch.testing.assert_close(
        first.var(1, correction=0), torch.ones(2, 8, 8), atol=1e-2, rtol=0
    )
    again = model.block2(model.patch_embed2(first)).permute(0, 2, 3, 1)
    torch.testing.assert_close(
        second, F.layer_norm(again, (16,), eps=1e-6).permute(0, 3, 1, 2)
    )


def test_block_is_the_formula():
    """A block with a gate that triples, from plain functions."""

    class Triple(nn.Module):
        def forward(self, x):
            return 3 * x

    torch.manual_seed(0)
    block = GatedBlock(4, lambda _: Triple(), ffn_ratio=2.0).eval()
    for layer in block.modules():
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.uniform_(layer.running_mean)
            nn.init.uniform_(layer.running_var, 0.5, 2)
    x = torch.rand(2, 4, 5, 6)

    def norm(value, layer):
        mean, var = layer.running_mean, layer.running_var + 1e-5
        return (value - mean.view(1, -1, 1, 1)) / var.sqrt().view(1, -1, 1, 1)

    def conv(value, layer, **kwargs):
        return F.conv2d(value, layer.weight, layer.bias, **kwargs)

    inner = norm(x, block.norm1)
    gated = 3 * F.gelu(conv(inner, block.attn.proj_1))
    y = x + 0.01 * (conv(gated, block.attn.proj_2) + inner)
    hidden = conv(norm(y, block.norm2), block.mlp.fc1)
    hidden = conv(hidden, block.mlp.dwconv, padding=1, groups=8)
    y = y + 0.01 * conv(F.gelu(hidden), block.mlp.fc2)
    torch.testing.assert_close(block(x), y)


def test_initialisation(build):
    model = build(
        arch=dict(embed_dims=(64, 128), depths=(1, 1), ffn_ratios=(8, 4)),
        out_indices=(1,),
    )
    model.init_weights()
    for layer in model.modules():
        if not isinstance(layer, nn.Conv2d):
            continue
        assert not layer.bias.any()
        fan_out = math.prod(layer.kernel_size) * layer.out_channels
        expected = math.sqrt(2 * layer.groups / fan_out)
        if layer.weight.numel() > 2000:
            assert layer.weight.std().item() == pytest.approx(
                expected, rel=0.1
            )
    assert (model.block1[0].layer_scale_1 == 0.01).all()
    before = model.patch_embed1.proj
    weights = [p.clone() for p in before.parameters()]
    model.init_weights()  # mmengine warns, and leaves the weights alone
    for one, other in zip(weights, before.parameters(), strict=True):
        assert torch.equal(one, other)


def test_init_cfg_replaces_it(build):
    model = build(init_cfg=dict(type='Constant', layer='Conv2d', val=0.5))
    model.init_weights()
    assert (model.block1[0].attn.proj_1.weight == 0.5).all()


def test_drop_path_rises_and_is_off_in_evaluation(build):
    model = build(drop_path_rate=0.4)
    rates = [
        getattr(block.drop_path, 'drop_prob', 0.0)
        for stage in range(1, 5)
        for block in model.get_submodule(f'block{stage}')
    ]
    assert rates == pytest.approx([0, 0.1, 0.2, 0.3, 0.4])
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.momentum = 0.0
    for name, value in model.named_parameters():
        if 'layer_scale' in name:
            nn.init.ones_(value)
    x = torch.rand(4, 3, 32, 32)
    (one,), (two,) = model.train()(x), model(x)
    assert not torch.equal(one, two)
    (one,), (two,) = model.eval()(x), model(x)
    assert torch.equal(one, two)
    (plain,) = build(drop_path_rate=0.0).eval()(x)
    assert plain.shape == one.shape


def test_every_parameter_gets_a_gradient(build):
    model = build(out_indices=(0, 1, 2, 3), norm_cfg=dict(type='BN'))
    model.init_weights()
    maps = model.train()(torch.rand(2, 3, 64, 64))
    sum((m * torch.rand_like(m)).sum() for m in maps).backward()
    without = [
        name
        for name, parameter in model.named_parameters()
        if parameter.grad is None or not parameter.grad.abs().sum() > 0
    ]
    # A bias before BatchNorm or a constant shift before LayerNorm may cancel.
    assert not [name for name in without if 'proj' not in name]
    assert all(p.grad is not None for p in model.parameters())


def test_norm_cfg_reaches_all_but_the_stage_norms(build):
    model = build(norm_cfg=dict(type='SyncBN'))
    kinds = [type(m).__name__ for m in model.modules() if 'Norm' in str(m)]
    assert 'SyncBatchNorm' in kinds
    assert 'BatchNorm2d' not in kinds
    assert isinstance(model.norm1, nn.LayerNorm)


def test_frozen_stages_do_not_move(build):
    model = build(frozen_stages=1, out_indices=(0, 3))
    frozen = ('patch_embed1', 'block1', 'norm1')
    frozen += ('patch_embed2', 'block2', 'norm2')
    # Before the first call of train: what is wrapped by DDP must know.
    trained = {n for n, p in model.named_parameters() if p.requires_grad}
    assert not any(name.startswith(frozen) for name in trained)
    model.train()
    before = {n: v.clone() for n, v in model.state_dict().items()}
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    sum(m.pow(2).sum() for m in model(torch.rand(2, 3, 64, 64))).backward()
    optimizer.step()
    moved = {
        name
        for name, value in model.state_dict().items()
        if not torch.equal(value, before[name])
    }
    assert not any(name.startswith(frozen) for name in moved)
    assert any(name.startswith('block3') for name in moved)


@pytest.mark.parametrize(
    ('kwargs', 'message'),
    [
        (dict(arch='huge'), "one of tiny, small.*found 'huge'"),
        (dict(arch=dict(depths=[1])), 'the keys embed_dims.*found depths'),
        (dict(arch={**SMALL, 'depths': (1, 1)}), 'one a stage'),
        (dict(arch={**SMALL, 'depths': (1, 0, 1, 1)}), 'positive numbers'),
        (dict(arch=dict.fromkeys(SMALL, ())), 'positive numbers'),
        (dict(out_indices=(4,)), r'stages from 0 to 3, found \(4,\)'),
        (dict(out_indices=()), r'stages from 0 to 3, found \(\)'),
        (dict(frozen_stages=4), '-1 to 3, found 4'),
        (dict(frozen_stages=-2), '-1 to 3, found -2'),
        (dict(drop_path_rate=1.0), r'in \[0, 1\), found 1.0'),
    ],
)
def test_wrong_arguments_are_refused(build, kwargs, message):
    with pytest.raises(InputError, match=message):
        build(**kwargs)


def test_mask_rcnn_trains_on_it(build, request):
    cfg = Config.fromfile(
        CONFIGS / 'mask_rcnn/mask-rcnn_r18_fpn_scratch_1xb8-8e_shapes.py'
    )
    init_default_scope('mmdet')
    backbone = build(out_indices=(0, 1, 2, 3))
    cfg.model.backbone = dict(
        type=f'mmvision_ext.{type(backbone).__name__}',
        arch=SMALL,
        out_indices=(0, 1, 2, 3),
    )
    cfg.model.neck.in_channels = list(backbone.embed_dims)
    model = MODELS.build(cfg.model)
    assert type(model.backbone) is type(backbone)
    model.init_weights()
    batch = demo_mm_inputs(
        1, [[3, 64, 64]], num_classes=2, num_items=[2], with_mask=True
    )
    batch = model.data_preprocessor(batch, training=True)
    total, _ = model.parse_losses(model(**batch, mode='loss'))
    total.backward()
    assert torch.isfinite(total)
    assert all(p.grad is not None for p in model.backbone.parameters())
