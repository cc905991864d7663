"""Small classifiers and a small CLIP as encoders, and the tool."""

import json
import runpy
import sys
from fractions import Fraction

import numpy as np
import pytest
import torch
from mmengine.registry import MODELS, DefaultScope
from torch.nn import functional as F

from mmvision_ext.apis import RetrievalInferencer
from mmvision_ext.apis.model import load_config
from mmvision_ext.apis.retrieval import (
    ClassifierEncoder,
    ClipEncoder,
    load_index,
    search_text,
    update_index,
)
from mmvision_ext.apis.sources import ImageSource
from mmvision_ext.utils import InputError

NAMES = ('metal', 'indoor', 'on plate')

CONFIG = """
default_scope = 'mmpretrain'
model = dict(
    type='mmvision_ext.CrossModalAttributeClassifier',
    data_preprocessor=dict(mean=[127.5] * 3, std=[127.5] * 3, to_rgb=True),
    backbone=dict(type='mmpretrain.LeNet5'),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(
        type='mmvision_ext.CrossModalAttributeHead',
        num_classes=3, in_channels=120, embed_channels=8, hidden_channels=4,
        alignment=dict(type='mmvision_ext.ContrastiveAlignmentLoss'),
    ),
)
test_dataloader = dict(
    dataset=dict(
        type='mmpretrain.CustomDataset', data_prefix='.',
        pipeline=[
            dict(type='mmvision_ext.LoadUprightImage'),
            dict(type='Resize', scale=(32, 32)),
            dict(type='mmvision_ext.PackAttributes'),
        ],
    )
)
"""

LINEAR = """
_base_ = './cross.py'
model = dict(
    _delete_=True,
    type='ImageClassifier',
    data_preprocessor=dict(mean=[127.5] * 3, std=[127.5] * 3, to_rgb=True),
    backbone=dict(type='mmpretrain.LeNet5'),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(type='LinearClsHead', num_classes=3, in_channels=120),
)
"""

TINY_CLIP = dict(
    embed_dim=16,
    vision_cfg=dict(
        image_size=32, layers=1, width=32, head_width=16, patch_size=16
    ),
    text_cfg=dict(
        context_length=77, vocab_size=49408, width=16, heads=2, layers=1
    ),
)


@pytest.fixture
def save(tmp_path):
    """Write a config and random weights for it; their files."""

    def write(name, text, seed=0):
        text = text.replace("'mmpretrain.LeNet5'", "'RetrievalTestBackbone'")
        path = tmp_path / f'{name}.py'
        path.write_text(text)
        torch.manual_seed(seed)
        config = load_config(path)
        with DefaultScope.overwrite_default_scope('mmpretrain'):
            model = MODELS.build(config.model)
        weights = tmp_path / f'{name}_{seed}.pth'
        meta = dict(dataset_meta=dict(classes=NAMES))
        torch.save(dict(state_dict=model.state_dict(), meta=meta), weights)
        return str(path), str(weights)

    return write


@MODELS.register_module(force=True)
class RetrievalTestBackbone(torch.nn.Module):
    """A convolution, (N, 3, H, W) to (N, 120, h, w)."""

    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Conv2d(3, 120, 8, 4)

    def forward(self, inputs):
        return (self.layer(inputs).relu(),)


@pytest.fixture
def cross(save):
    return save('cross', CONFIG)


@pytest.fixture
def linear(cross, save):
    return save('linear', LINEAR)


@pytest.fixture
def tiny_clip(tmp_path):
    """The name and the weights of a small CLIP."""
    open_clip = pytest.importorskip('open_clip')
    path = tmp_path / 'tiny-retrieval-clip.json'
    path.write_text(json.dumps(TINY_CLIP))
    open_clip.add_model_config(path)
    torch.manual_seed(0)
    model = open_clip.create_model(path.stem, load_weights=False)
    torch.save(model.state_dict(), tmp_path / 'clip.pth')
    return path.stem, str(tmp_path / 'clip.pth')


def encode(encoder, folder):
    sources = [
        ImageSource(str(path), path) for path in sorted(folder.glob('*.png'))
    ]
    return encoder.encode([encoder.prepare(source) for source in sources])


def test_features_and_scores_are_the_models(linear, colour_images):
    encoder = ClassifierEncoder(*linear, 'cpu')
    seen = []
    model = encoder._model.model
    model.neck.register_forward_hook(lambda *args: seen.append(args[2][-1]))
    model.head.fc.register_forward_hook(lambda *args: seen.append(args[2]))
    vectors, scores = encode(encoder, colour_images)
    features, logits = seen
    assert np.allclose(vectors, F.normalize(features).numpy(), atol=1e-6)
    assert np.allclose(scores, logits.softmax(1).numpy(), atol=1e-6)
    assert (vectors.shape, scores.shape) == ((5, 120), (5, 3))
    assert encoder.names == NAMES
    with pytest.raises(InputError, match='Search by --attributes'):
        encoder.encode_text('metal')


def test_joint_vectors_of_images_and_attributes(cross, colour_images):
    encoder = ClassifierEncoder(*cross, 'cpu', joint=True)
    vectors, _ = encode(encoder, colour_images)
    assert vectors.shape == (5, 8)
    model = encoder._model.model
    with torch.no_grad():
        known = torch.tensor([[1.0, -1.0, 0.0]])
        expected = model.embed_attributes(known)[0].numpy()
    for text in ('metal, not indoor', ' not INDOOR ,Metal'):
        assert np.allclose(encoder.encode_text(text), expected, atol=1e-6)
    with pytest.raises(InputError, match="found 'a metal thing'"):
        encoder.encode_text('a metal thing')
    for text in ('metal, not metal', 'not Metal, indoor, metal'):
        with pytest.raises(InputError, match="found 'metal' with and without"):
            encoder.encode_text(text)
    assert np.array_equal(
        encoder.encode_text('metal, METAL'), encoder.encode_text('metal')
    )


def test_joint_needs_an_alignment(linear, cross, save):
    with pytest.raises(InputError, match='found ImageClassifier'):
        ClassifierEncoder(*linear, 'cpu', joint=True)
    plain = "model = dict(head=dict(alignment=None))\n_base_ = './cross.py'"
    with pytest.raises(InputError, match='alignment=None'):
        ClassifierEncoder(*save('plain', plain), 'cpu', joint=True)


def test_identity_is_weights_settings_and_vectors(cross, save):
    first = ClassifierEncoder(*cross, 'cpu').identity
    assert first.matches(ClassifierEncoder(*cross, 'cpu').identity)
    config, weights = save('cross', CONFIG, seed=1)
    larger = CONFIG.replace('(32, 32)', '(48, 48)')
    others = [
        ClassifierEncoder(*cross, 'cpu', joint=True),
        ClassifierEncoder(config, weights, 'cpu'),
        ClassifierEncoder(save('larger', larger)[0], cross[1], 'cpu'),
    ]
    for other in others:
        assert not first.matches(other.identity)
    with pytest.raises(InputError, match='expected a file'):
        ClassifierEncoder(config, 'nowhere.pth', 'cpu')


def test_clip(tiny_clip, colour_images, tmp_path):
    pytest.importorskip('faiss')
    encoder = ClipEncoder(*tiny_clip, device='cpu')
    index, _ = update_index(
        encoder, colour_images, tmp_path / 'index', progress=False
    )
    assert (index.vectors.shape, index.scores.shape) == ((5, 16), (5, 0))
    found = search_text(
        load_index(tmp_path / 'index'), 'a dog', lambda: encoder
    )
    cosines = index.vectors @ encoder.encode_text('a dog')
    scores = [hit.score for hit in found.hits]
    assert scores == pytest.approx(np.sort(cosines)[::-1], abs=1e-6)
    with pytest.raises(InputError, match='expected words'):
        encoder.encode_text(' ')


def test_clip_refusals(tiny_clip, tmp_path):
    name, weights = tiny_clip
    with pytest.raises(InputError, match=name):
        ClipEncoder(f'{name}x', weights, 'cpu')
    with pytest.raises(InputError, match='expected a file'):
        ClipEncoder(name, 'laion2b', 'cpu')
    torch.save({'visual.proj': torch.zeros(2)}, tmp_path / 'other.pth')
    with pytest.raises(InputError, match='other.pth'):
        ClipEncoder(name, tmp_path / 'other.pth', 'cpu')


@pytest.mark.parametrize('kind', ['clip', 'features', 'joint'])
def test_inferencer_loads_the_model_of_the_index(
    kind, request, colour_images, paint, tmp_path
):
    pytest.importorskip('faiss')
    name = {'clip': 'tiny_clip', 'features': 'linear', 'joint': 'cross'}[kind]
    model = request.getfixturevalue(name)
    if kind == 'clip':
        encoder = ClipEncoder(*model, device='cpu')
    else:
        encoder = ClassifierEncoder(*model, 'cpu', kind == 'joint')
    folder = tmp_path / 'index'
    update_index(encoder, colour_images, folder, progress=False)
    retrieve = RetrievalInferencer(folder, *model, 'cpu', k=3)
    assert retrieve.encoder.identity == encoder.identity
    found = retrieve(paint('../new.png', 'red'), progress=False)[0]
    assert found.hits[0].path == 'red.png'
    assert found.hits[0].score == pytest.approx(1, abs=1e-5)
    if kind == 'features':
        for words in (retrieve, RetrievalInferencer(folder)):
            with pytest.raises(InputError, match='Search by --attributes'):
                words.by_text('metal')
    else:
        assert len(retrieve.by_text('metal')[0].hits) == 3
    if kind == 'clip':
        with pytest.raises(InputError, match='expected an index with scores'):
            retrieve.by_attributes('metal')
    else:
        hits = retrieve.by_attributes('not indoor')[0].hits
        assert 0 < hits[0].score < 1


def test_inferencer_trusts_a_checkpoint_when_told(
    linear, colour_images, tmp_path
):
    config, weights = linear
    content = torch.load(weights)
    content['meta']['note'] = Fraction(1, 2)  # an object, not a tensor
    torch.save(content, weights)
    encoder = ClassifierEncoder(config, weights, 'cpu', trust_checkpoint=True)
    folder = tmp_path / 'index'
    update_index(encoder, colour_images, folder, progress=False)
    with pytest.raises(InputError, match='Fraction'):
        RetrievalInferencer(folder, config, weights, 'cpu')
    RetrievalInferencer(folder, config, weights, 'cpu', trust_checkpoint=True)


def run_tool(repository, monkeypatch, *arguments):
    tool = str(repository / 'tools' / 'retrieve.py')
    monkeypatch.setattr(sys, 'argv', [tool, *map(str, arguments)])
    runpy.run_path(tool, run_name='__main__')


def test_tool(cross, colour_images, tmp_path, repository, monkeypatch, capsys):
    pytest.importorskip('faiss')
    (colour_images / 'broken.jpg').write_text('no image')
    index, out = tmp_path / 'index', tmp_path / 'out'
    model = ['--model', *cross, '--joint', '--device', 'cpu']

    def run(*arguments):
        run_tool(repository, monkeypatch, *arguments)
        return capsys.readouterr()

    built = ('build', colour_images, '--index', index, '--workers', 0)
    assert 'left out: 1 (--recursive' in run(*built, *model).out
    built += ('--recursive',)
    shown = run(*built, *model)
    assert '6 images; 1 added' in shown.out and '1 unreadable' in shown.out
    assert 'unreadable: ' in shown.err and 'broken.jpg' in shown.err
    assert '6 unchanged' in run(*built, *model).out
    asked = ('query', index, '--attributes', 'metal and not on plate')
    shown = run(*asked, '--top', 2, '--out', out)
    assert shown.out.count('.png') == 3  # two hits and the page
    assert len(list(out.iterdir())) == 4
    assert '| 1 ' in run('query', index, '--text', 'metal', *model).out
    red = colour_images / 'red.png'
    assert '| 5 ' in run('query', index, '--image', red).out
    with pytest.raises(SystemExit):
        run('query', index, '--attributes', 'mettal')
    assert "did you mean 'metal'" in capsys.readouterr().err
