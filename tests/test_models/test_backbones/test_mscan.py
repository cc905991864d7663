import pytest
import torch

from mmvision_ext.models import MSCAN
from mmvision_ext.utils import InputError


def block(channels, ratio):
    """Parameters of a block, counted layer by layer."""
    hidden = channels * ratio
    gate = channels * (26 + 2 * (7 + 11 + 21) + 6) + channels * (channels + 1)
    attention = 2 * channels * (channels + 1) + gate
    ffn = hidden * (channels + 1) + hidden * 10 + channels * (hidden + 1)
    return attention + ffn + 2 * 2 * channels + 2 * channels


@pytest.mark.parametrize(
    ('arch', 'count', 'published'),
    [
        ('tiny', 3903584, 4.2),
        ('small', 13450176, 14.0),
        ('base', 26277824, 26.8),
        ('large', 44636864, 45.2),
    ],
)
def test_parameters(arch, count, published):
    with torch.device('meta'):
        model = MSCAN(arch)
    settings = MSCAN.arch_settings[arch]
    dims = settings['embed_dims']
    half = dims[0] // 2
    expected = 28 * half + 2 * half + (9 * half + 1 + 2) * dims[0]
    for before, after in zip(dims, dims[1:], strict=False):
        expected += after * (9 * before + 1) + 2 * after
    for channels, depth, ratio in zip(*settings.values(), strict=True):
        expected += depth * block(channels, ratio) + 2 * channels
    assert sum(p.numel() for p in model.parameters()) == count == expected
    with_head = count + dims[-1] * 1000 + 1000
    assert with_head / 1e6 == pytest.approx(published, abs=0.051)


@pytest.mark.parametrize(
    ('strides', 'side'), [((2, 2), 8), ((2, 1), 16), ((1, 1), 32)]
)
def test_stem_strides(strides, side):
    model = MSCAN(stem_strides=strides, out_indices=(0, 1, 2, 3)).eval()
    with torch.no_grad():
        maps = model(torch.rand(1, 3, 32, 32))
    assert [m.shape[1:] for m in maps] == [
        (channels, side // shrunk, side // shrunk)
        for channels, shrunk in zip(
            (32, 64, 160, 256), (1, 2, 4, 8), strict=True
        )
    ]


def test_names_fit_the_published_weights():
    """Names of SegNeXt's files, but for ``mlp.dwconv.dwconv``."""
    names = set(MSCAN().state_dict())
    assert {
        'patch_embed1.proj.0.weight',
        'patch_embed1.proj.4.running_mean',
        'patch_embed2.proj.weight',
        'patch_embed2.norm.weight',
        'block1.0.layer_scale_1',
        'block1.0.norm1.weight',
        'block3.4.attn.proj_1.weight',
        'block3.4.attn.spatial_gating_unit.conv0.weight',
        'block3.4.attn.spatial_gating_unit.conv2_2.weight',
        'block3.4.attn.spatial_gating_unit.conv3.bias',
        'block4.1.mlp.fc2.bias',
        'norm4.weight',
    } <= names


@pytest.mark.parametrize('strides', [(0, 2), (2, 4)])
def test_wrong_strides_are_refused(strides):
    with pytest.raises(InputError, match='stride from 1 to its size, found'):
        MSCAN(stem_strides=strides)
