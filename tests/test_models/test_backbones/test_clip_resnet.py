"""The CLIP tower against open_clip's, PIL's resizing, and its contract."""

import numpy as np
import pytest
import torch
from mmdet.registry import MODELS as MMDET_MODELS
from mmengine.logging import MMLogger
from mmengine.registry import MODELS
from open_clip.modified_resnet import ModifiedResNet
from PIL import Image
from torch import nn

from mmvision_ext.models.backbones import CLIPResNet
from mmvision_ext.models.backbones.clip_attention_pool import AttentionPool2d
from mmvision_ext.models.backbones.clip_weights import load_clip_tower
from mmvision_ext.models.backbones.overview import (
    overview,
    position_features,
)
from mmvision_ext.utils import InputError

SMALL = dict(
    layers=(1, 2, 1, 1), width=8, heads=4, embed_dim=12, image_size=64
)


def reference(arch):
    """open_clip's tower with random weights, statistics included."""
    torch.manual_seed(0)
    tower = ModifiedResNet(
        arch['layers'],
        arch['embed_dim'],
        arch['heads'],
        arch['image_size'],
        arch['width'],
    )
    for module in tower.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1)
            nn.init.normal_(module.bias, std=0.1)
            nn.init.normal_(module.running_mean, std=0.1)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
    return tower.eval()


def loaded(arch, state, **kwargs):
    tower = CLIPResNet(arch, attention_pool=True, **kwargs)
    tower.load_state_dict(state)
    return tower.eval()


@torch.no_grad()
@pytest.mark.parametrize('arch', ['RN50', SMALL], ids=['RN50', 'small'])
def test_equals_open_clip(arch):
    settings = CLIPResNet.arch_settings['RN50'] if arch == 'RN50' else arch
    size = settings['image_size']
    other = reference(settings)
    tower = loaded(arch, other.state_dict())
    images = torch.randn(1, 3, size, size)
    expected = other.forward_intermediates(images)
    maps = tower(images)
    stages = expected['image_intermediates'][1:]
    assert [x.shape[-1] for x in maps] == [size // s for s in (4, 8, 16, 32)]
    assert [x.shape[1] for x in maps] == list(tower.channels)
    for found, wanted in zip(maps, stages, strict=True):
        torch.testing.assert_close(found, wanted, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(
        tower.global_feature(maps[-1]),
        expected['image_features'],
        rtol=1e-5,
        atol=1e-6,
    )


@torch.no_grad()
def test_stages_equal_open_clip_at_odd_sizes():
    other = reference(SMALL)
    tower = loaded(SMALL, other.state_dict(), out_indices=(1, 3))
    images = torch.randn(2, 3, 90, 123)
    stages = other.forward_intermediates(images, intermediates_only=True)
    stages = stages['image_intermediates']
    for found, wanted in zip(tower(images), stages[2::2], strict=True):
        torch.testing.assert_close(found, wanted, rtol=1e-5, atol=1e-6)


@torch.no_grad()
@pytest.mark.parametrize('size', [(3, 5), (12, 9), (7, 4)])
def test_positions_are_resized_as_pil_does(size):
    torch.manual_seed(0)
    pool = AttentionPool2d(7, channels=4, heads=2, embed_dim=3)
    embedding = pool.positional_embedding
    found = pool.positions(*size)
    assert torch.equal(found[0], embedding[0])
    for channel in range(4):
        grid = embedding[1:, channel].reshape(7, 7).numpy()
        resized = Image.fromarray(grid).resize(
            size[::-1], Image.Resampling.BICUBIC
        )
        np.testing.assert_allclose(
            found[1:, channel].reshape(size), resized, atol=1e-6
        )
    # The pooled result is then what open_clip's own layer gives with them.
    other = reference(dict(SMALL, image_size=224, width=4)).attnpool
    state = other.state_dict()
    pool = AttentionPool2d(7, channels=128, heads=4, embed_dim=12)
    pool.load_state_dict(state)
    other.positional_embedding = nn.Parameter(pool.positions(*size))
    x = torch.randn(2, 128, *size)
    torch.testing.assert_close(pool(x), other(x), rtol=1e-5, atol=1e-6)


def test_images_of_a_batch_do_not_mix():
    tower = loaded(SMALL, reference(SMALL).state_dict())
    x = torch.randn(2, 256, 2, 2)
    both = tower.global_feature(x)
    torch.testing.assert_close(both[:1], tower.global_feature(x[:1]))
    assert not torch.allclose(both[0], both[1])


@pytest.mark.parametrize('frozen', range(-1, 6))
def test_gradients_stop_at_frozen_stages(frozen):
    tower = CLIPResNet(SMALL, attention_pool=True, frozen_stages=frozen)
    tower.train()
    maps = tower(torch.randn(1, 3, 64, 64))
    pooled = tower.global_feature(maps[-1])
    if frozen < 5:
        pooled.sum().backward()
    else:
        assert not pooled.requires_grad
    parts = ('', 'layer1', 'layer2', 'layer3', 'layer4', 'attnpool')
    for name, parameter in tower.named_parameters():
        part = name.split('.')[0]
        place = parts.index(part) if part in parts else 0
        learns = place > frozen
        assert parameter.requires_grad == learns, name
        assert (parameter.grad is not None) == learns, name


@pytest.mark.parametrize('norm_eval', [True, False])
def test_statistics_in_training(norm_eval):
    tower = CLIPResNet(SMALL, frozen_stages=1, norm_eval=norm_eval)
    before = {k: v.clone() for k, v in tower.named_buffers()}
    assert tower.train() is tower and tower.training
    tower(torch.randn(4, 3, 64, 64))
    moved = {
        name.split('.')[0]
        for name, value in tower.named_buffers()
        if not torch.equal(value, before[name])
    }
    assert moved == (set() if norm_eval else {'layer2', 'layer3', 'layer4'})
    assert not any(module.training for module in tower.eval().modules())


def test_checkpointing_changes_nothing():
    state = reference(SMALL).state_dict()
    images = torch.randn(1, 3, 64, 64)
    grads = []
    for with_cp in (False, True):
        tower = loaded(SMALL, state, with_cp=with_cp)
        sum(x.square().mean() for x in tower(images)).backward()
        grads.append([p.grad for p in tower.parameters()])
    for plain, again in zip(*grads, strict=True):
        assert (plain is None) == (again is None)
        assert plain is None or torch.equal(plain, again)


def test_blocks_begin_as_their_shortcut():
    tower = CLIPResNet(SMALL)
    tower.init_weights()
    scales = [
        p.abs().max().item()
        for name, p in tower.named_parameters()
        if name.endswith('bn3.weight') and name.startswith('layer')
    ]
    assert scales == [0] * 5
    assert tower.bn3.weight.min() == 1


def test_feeds_a_pyramid_of_mmdet():
    tower = MODELS.build(
        dict(type='mmvision_ext.CLIPResNet', arch=SMALL, frozen_stages=1)
    )
    neck = MMDET_MODELS.build(
        dict(
            type='FPN',
            in_channels=list(tower.channels),
            out_channels=16,
            num_outs=5,
        )
    )
    levels = neck(tower.train()(torch.randn(1, 3, 64, 96)))
    assert [x.shape[2:] for x in levels] == [
        (16, 24),
        (8, 12),
        (4, 6),
        (2, 3),
        (1, 2),
    ]
    sum(x.mean() for x in levels).backward()
    assert tower.layer2[0].conv1.weight.grad is not None


def test_half_precision_stays_close():
    tower = loaded(SMALL, reference(SMALL).state_dict())
    images = torch.randn(1, 3, 96, 64)
    with torch.no_grad():
        wanted = tower.global_feature(tower(images)[-1])
        with torch.autocast('cpu', torch.bfloat16):
            found = tower.global_feature(tower(images)[-1])
    assert found.isfinite().all()
    torch.testing.assert_close(found.float(), wanted, rtol=0.1, atol=0.1)


# Weights from files -------------------------------------------------------


def clip_state(prefix='visual.', arch=SMALL):
    tower = reference(arch).state_dict()
    state = {f'{prefix}{name}': value for name, value in tower.items()}
    return state | {f'{prefix[:-7]}logit_scale': torch.tensor(4.6)}


@pytest.mark.parametrize('attention_pool', [True, False])
@pytest.mark.parametrize(
    'wrap, prefix',
    [
        (lambda state: state, 'visual.'),
        (lambda state: dict(state_dict=state, epoch=3), 'visual.'),
        (lambda state: dict(state_dict=state), 'module.visual.'),
    ],
    ids=['plain', 'state_dict', 'module'],
)
def test_published_layouts_load(tmp_path, wrap, prefix, attention_pool):
    state = clip_state(prefix)
    half = {name: value.half() for name, value in state.items()}
    torch.save(wrap(half), tmp_path / 'clip.pt')
    tower = CLIPResNet(
        SMALL,
        attention_pool=attention_pool,
        init_cfg=dict(type='Pretrained', checkpoint=str(tmp_path / 'clip.pt')),
    )
    tower.init_weights()
    for name, value in tower.state_dict().items():
        wanted = half[f'{prefix}{name}'].to(value.dtype)
        assert torch.equal(value, wanted), name
    assert tower.is_init and tower.conv1.weight.dtype == torch.float32


def test_runner_can_report_the_same_load(tmp_path):
    # mmvision_ext.Runner reads prefix and file from init_cfg.
    tower = CLIPResNet(
        SMALL, init_cfg=dict(type='Pretrained', checkpoint='clip.pt')
    )
    assert tower.init_cfg == [
        dict(type='Pretrained', checkpoint='clip.pt', prefix='visual.')
    ]
    path = tmp_path / 'clip.pt'
    torch.save(clip_state(), path)
    report = load_clip_tower(tower, path)
    assert set(report.loaded) == set(tower.state_dict())
    assert not report.missing and not report.mismatched
    assert {name.split('.')[0] for name in report.unexpected} == {'attnpool'}
    assert 'not used: attnpool.' in report.summary('clip.pt')


@pytest.mark.parametrize('prefix', ['backbone.', None])
def test_another_prefix(tmp_path, prefix):
    state = CLIPResNet(SMALL).state_dict()
    state = {f'{prefix or ""}{name}': value for name, value in state.items()}
    torch.save(dict(state_dict=state), tmp_path / 'detector.pth')
    tower = CLIPResNet(SMALL)
    path = tmp_path / 'detector.pth'
    report = load_clip_tower(tower, path, prefix)
    assert report.loaded_fraction == 1
    with pytest.raises(InputError, match=r"under 'visual\.'.*conv1\.weight"):
        load_clip_tower(tower, path)


def test_old_files_without_counters_load(tmp_path):
    state = {
        name: value
        for name, value in clip_state().items()
        if not name.endswith('num_batches_tracked')
    }
    torch.save(state, tmp_path / 'clip.pt')
    load_clip_tower(CLIPResNet(SMALL), tmp_path / 'clip.pt')


@pytest.mark.parametrize(
    'other, match',
    [
        (dict(SMALL, layers=(1, 2, 3, 1)), r'not used: layer3\.1'),
        (dict(SMALL, layers=(1, 1, 1, 1)), r'missing: layer2\.1'),
        (dict(SMALL, embed_dim=8), r'attnpool\.c_proj\.weight \(8, 256\)'),
        (dict(SMALL, image_size=96), r'positional_embedding \(10, 256\)'),
    ],
)
def test_another_tower_is_refused(tmp_path, other, match):
    torch.save(clip_state(arch=other), tmp_path / 'clip.pt')
    tower = CLIPResNet(SMALL, attention_pool=True)
    before = tower.conv1.weight.clone()
    with pytest.raises(InputError, match='another image tower') as error:
        load_clip_tower(tower, tmp_path / 'clip.pt')
    assert error.match(match) and error.match('set the architecture')
    assert torch.equal(tower.conv1.weight, before)


def test_a_transformer_is_refused(tmp_path):
    state = {
        'visual.conv1.weight': torch.zeros(32, 3, 8, 8),
        'visual.class_embedding': torch.zeros(32),
    }
    torch.save(state, tmp_path / 'vit.pt')
    with pytest.raises(InputError, match=r'conv1\.weight \(32, 3, 8, 8\)'):
        load_clip_tower(CLIPResNet(SMALL), tmp_path / 'vit.pt')


def test_torchscript_is_refused_with_the_command_that_converts(tmp_path):
    path = tmp_path / 'RN50.pt'
    torch.jit.trace(nn.Linear(2, 2), torch.zeros(1, 2)).save(str(path))
    with pytest.raises(InputError, match=r'TorchScript.*torch\.jit\.load'):
        load_clip_tower(CLIPResNet(SMALL), path)


def test_files_that_hold_objects_are_refused(tmp_path):
    torch.save(dict(state_dict=clip_state(), run=MMLogger), tmp_path / 'x.pt')
    with pytest.raises(InputError, match='weights_only'):
        load_clip_tower(CLIPResNet(SMALL), tmp_path / 'x.pt')


# Arguments ----------------------------------------------------------------


@pytest.mark.parametrize(
    'kwargs, match',
    [
        (dict(arch='RN18'), 'RN50, RN101'),
        (dict(arch=dict(SMALL, heads=3)), 'divide'),
        (dict(arch=dict(layers=(1, 1, 1, 1))), 'expected the keys layers'),
        (dict(arch='RN50', frozen_stages=6), '-1, 0, 1'),
        (dict(arch='RN50', out_indices=(5,)), '0, 1, 2, 3, 4'),
    ],
)
def test_bad_arguments(kwargs, match):
    with pytest.raises(InputError, match=match):
        CLIPResNet(**kwargs)


def test_global_feature_needs_the_pooling():
    with pytest.raises(InputError, match='attention_pool=True'):
        CLIPResNet(SMALL).global_feature(torch.zeros(1, 256, 2, 2))


def test_classifiers_get_the_global_feature():
    tower = CLIPResNet(SMALL, out_indices=(3, 4), attention_pool=True).eval()
    assert tower.channels == (256, 12)
    last, pooled = tower(torch.randn(2, 3, 64, 96))
    assert torch.equal(pooled, tower.global_feature(last))
    assert torch.equal(overview(tower, (last, pooled)), pooled)
    with pytest.raises(InputError, match='attention_pool=True'):
        CLIPResNet(SMALL, out_indices=(4,))(torch.zeros(1, 3, 64, 64))


def test_a_position_is_what_attention_to_it_alone_gives():
    tower = CLIPResNet(SMALL, attention_pool=True).eval()
    with torch.no_grad():
        tower.attnpool.positional_embedding.zero_()
    x = torch.randn(1, 256, 2, 3)
    dense = position_features(tower, (x,))
    assert dense.shape == (1, 12, 2, 3)
    # Pooling a map that is the same everywhere gives each of its positions.
    for row, column in ((0, 0), (1, 2)):
        uniform = x[:, :, row, column, None, None].expand(1, 256, 2, 3)
        torch.testing.assert_close(
            dense[:, :, row, column],
            tower.global_feature(uniform),
            rtol=1e-4,
            atol=1e-5,
        )


def test_a_classifier_takes_a_clip_checkpoint():
    state = {'visual.conv1.weight': 1, 'transformer.x': 2}
    CLIPResNet(SMALL)._checkpoint_filter(state, 'model.')
    assert state == {'model.backbone.conv1.weight': 1, 'transformer.x': 2}


def test_parameters_are_those_of_open_clip():
    with torch.device('meta'):
        for name, arch in CLIPResNet.arch_settings.items():
            tower = CLIPResNet(name, attention_pool=True)
            other = ModifiedResNet(
                arch['layers'],
                arch['embed_dim'],
                arch['heads'],
                arch['image_size'],
                arch['width'],
            )
            shapes = {k: v.shape for k, v in tower.state_dict().items()}
            assert shapes == {
                k: v.shape for k, v in other.state_dict().items()
            }, name
