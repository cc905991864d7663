"""The small ConvNeXt, and what else the three leaves have in common."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import MODELS, init_default_scope
from torch import nn

CONFIGS = Path(__file__).resolve().parents[3] / 'configs/cifar100'
LEAVES = {'convnext-cifar': 168644, 'mscan-tiny': 854484}
LEAVES |= {'lsknet-tiny': 4012050}
TABLE = {'convnext-cifar': 0.17e6, 'mscan-tiny': 0.85e6}  # systems.md


def build(name):
    cfg = Config.fromfile(CONFIGS / f'{name}_1xb128-200e_cifar100.py')
    init_default_scope(cfg.default_scope)
    torch.manual_seed(0)
    cfg.model.data_preprocessor = cfg.data_preprocessor  # as the runner does
    return MODELS.build(cfg.model)


@pytest.mark.parametrize('name', LEAVES)
def test_parameters_and_features(name):
    model = build(name).eval()
    count = sum(p.numel() for p in model.parameters())
    assert count == LEAVES[name]
    assert count == pytest.approx(TABLE.get(name, count), rel=0.01)
    text = (CONFIGS / f'{name}_1xb128-200e_cifar100.py').read_text()
    assert f'({count:,})' in text
    with torch.no_grad():
        logits = model.head((model.extract_feat(torch.rand(2, 3, 32, 32))[0],))
    assert logits.shape == (2, 100)


def test_convnext_is_the_paper_s_block_by_block():
    model = build('convnext-cifar')
    count = 3 * 16 + 16 + 2 * 16  # stem of one pixel, LayerNorm
    for channels, depth in ((16, 4), (32, 3), (64, 3)):
        depthwise, norm = 50 * channels, 2 * channels
        wide = 4 * channels * (channels + 1)
        narrow = channels * (4 * channels + 1)
        count += depth * (depthwise + norm + wide + narrow + channels)
    for before, after in ((16, 32), (32, 64)):
        count += 2 * before + after * (4 * before + 1)
    count += 2 * 64  # norm of the average
    backbone = model.backbone
    assert sum(p.numel() for p in backbone.parameters()) == count
    sides = []
    hooks = [
        stage.register_forward_hook(
            lambda _, __, out: sides.append(tuple(out.shape[1:]))
        )
        for stage in backbone.stages
    ]
    backbone(torch.rand(1, 3, 32, 32))
    for hook in hooks:
        hook.remove()
    assert sides == [(16, 32, 32), (32, 16, 16), (64, 8, 8)]


def test_convnext_initialisation():
    model = build('convnext-cifar')
    model.init_weights()
    layers = (nn.Conv2d, nn.Linear)
    weights = [m.weight for m in model.modules() if isinstance(m, layers)]
    drawn = torch.cat([weight.flatten() for weight in weights])
    assert drawn.std().item() == pytest.approx(0.02, rel=0.02)
    assert (model.backbone.stages[0][0].gamma == 1e-6).all()


@pytest.mark.parametrize('name', LEAVES)
def test_a_step_reaches_every_parameter(name):
    model = build(name)
    model.init_weights()
    batch = dict(
        inputs=torch.randint(0, 256, (4, 3, 32, 32), dtype=torch.uint8),
        labels=torch.tensor([0, 99, 3, 4]),
        sample_idx=torch.arange(4),
    )
    batch = model.train().data_preprocessor(batch, training=True)
    total, _ = model.parse_losses(model(**batch, mode='loss'))
    total.backward()
    assert torch.isfinite(total)
    assert all(p.grad is not None for p in model.parameters())
