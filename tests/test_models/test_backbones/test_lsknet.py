import pytest
import torch

from mmvision_ext.models import LSKNet
from mmvision_ext.utils import InputError


def block(channels, ratio):
    """Parameters of a block, counted layer by layer."""
    hidden, half = channels * ratio, channels // 2
    gate = 26 * channels + 50 * channels  # 5x5 and dilated 7x7
    gate += 2 * half * (channels + 1) + 2 * (2 * 49 + 1)
    gate += channels * (half + 1)
    attention = 2 * channels * (channels + 1) + gate
    ffn = hidden * (channels + 1) + hidden * 10 + channels * (hidden + 1)
    return attention + ffn + 2 * 2 * channels + 2 * channels


@pytest.mark.parametrize(
    ('arch', 'count', 'published'),
    [('tiny', 3990190, 4.3), ('small', 13840892, 14.4)],
)
def test_parameters(arch, count, published):
    with torch.device('meta'):
        model = LSKNet(arch)
    settings = LSKNet.arch_settings[arch]
    dims = settings['embed_dims']
    expected = dims[0] * (3 * 49 + 1 + 2)
    for before, after in zip(dims, dims[1:], strict=False):
        expected += after * (9 * before + 1) + 2 * after
    for channels, depth, ratio in zip(*settings.values(), strict=True):
        expected += depth * block(channels, ratio) + 2 * channels
    assert sum(p.numel() for p in model.parameters()) == count == expected
    with_head = count + dims[-1] * 1000 + 1000
    assert with_head / 1e6 == pytest.approx(published, abs=0.055)


@pytest.mark.parametrize(
    ('kernel', 'stride', 'side'), [(7, 4, 8), (3, 2, 16), (3, 1, 32)]
)
def test_stem(kernel, stride, side):
    arch = dict(embed_dims=(8, 16), depths=(1, 1), ffn_ratios=(2, 2))
    model = LSKNet(
        arch,
        stem_kernel_size=kernel,
        stem_stride=stride,
        out_indices=(0, 1),
    )
    first, second = model.eval()(torch.rand(1, 3, 32, 32))
    assert first.shape == (1, 8, side, side)
    assert second.shape == (1, 16, side // 2, side // 2)


def test_names_fit_the_published_weights():
    """Names of LSKNet's files, but for ``mlp.dwconv.dwconv``."""
    names = set(LSKNet().state_dict())
    assert {
        'patch_embed1.proj.weight',
        'patch_embed1.norm.running_mean',
        'block1.0.layer_scale_2',
        'block2.0.norm2.weight',
        'block3.4.attn.proj_2.weight',
        'block3.4.attn.spatial_gating_unit.conv0.weight',
        'block3.4.attn.spatial_gating_unit.conv_spatial.weight',
        'block3.4.attn.spatial_gating_unit.conv_squeeze.bias',
        'block3.4.attn.spatial_gating_unit.conv.weight',
        'norm4.bias',
    } <= names


@pytest.mark.parametrize(('kernel', 'stride'), [(4, 2), (3, 4), (3, 0)])
def test_wrong_stems_are_refused(kernel, stride):
    with pytest.raises(InputError, match='odd kernel and a stride from 1'):
        LSKNet(stem_kernel_size=kernel, stem_stride=stride)
