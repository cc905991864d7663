"""Attributes by words: values by hand, zero-shot, gradients, files."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.registry import MODELS
from mmpretrain.structures import DataSample
from torch.nn import functional as F

from mmvision_ext.models.text import TextEmbeddings, write_embeddings
from mmvision_ext.testing.tiny_clip import (
    TINY_DIMENSIONS,
    TINY_RESNET,
    register_tiny_clip,
)
from mmvision_ext.utils import InputError

NAMES = ('metal', 'round', 'wet', 'red')
CHANNELS = 8


@pytest.fixture
def words() -> TextEmbeddings:
    """Four attributes and their opposites in eight dimensions."""
    torch.manual_seed(1)
    return TextEmbeddings(
        names=NAMES,
        features=F.normalize(torch.randn(4, CHANNELS)),
        prompts=tuple((name,) for name in NAMES),
        encoder='random',
        absent=F.normalize(torch.randn(4, CHANNELS)),
        absent_prompts=tuple((f'not {name}',) for name in NAMES),
    )


@pytest.fixture
def file(words: TextEmbeddings, tmp_path: Path) -> str:
    """The same in a file."""
    path = tmp_path / 'words.safetensors'
    write_embeddings(words, path)
    return str(path)


def build(file: str, **changes):
    torch.manual_seed(0)
    return MODELS.build(
        {
            'type': 'mmvision_ext.TextAttributeHead',
            'num_classes': 4,
            'in_channels': CHANNELS,
            'embeddings': file,
            **changes,
        }
    )


def samples(scores, masks=None):
    found = []
    for index, score in enumerate(scores):
        sample = DataSample().set_gt_score(torch.as_tensor(score).float())
        if masks is not None:
            mask = torch.as_tensor(masks[index])
            sample.set_field(mask, 'gt_mask', dtype=torch.Tensor)
        found.append(sample)
    return found


def cosine(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    first = first / np.linalg.norm(first, axis=1, keepdims=True)
    second = second / np.linalg.norm(second, axis=1, keepdims=True)
    return first @ second.T


@pytest.mark.parametrize('use_absent', [False, True])
@pytest.mark.parametrize('bias', [False, True])
def test_logits_by_hand(words, file, use_absent: bool, bias: bool) -> None:
    head = build(file, use_absent=use_absent, bias=bias, temperature=0.05)
    offsets = np.zeros(4)
    if bias:
        with torch.no_grad():
            head.bias.copy_(torch.tensor([0.5, -0.25, 0, 1]))
        offsets = head.bias.detach().double().numpy()
    feats = torch.randn(3, CHANNELS) * 7
    x = feats.double().numpy()
    expected = cosine(x, words.features.double().numpy()) - offsets
    if use_absent:
        expected -= cosine(x, words.absent.double().numpy())
    found = head((torch.zeros(3, 2), feats))
    np.testing.assert_allclose(found.detach(), 20 * expected, atol=1e-4)
    half = head((feats.bfloat16(),))
    assert half.dtype == torch.float32


def test_the_score_is_the_softmax_of_the_pair(words, file) -> None:
    head = build(file, bias=False)
    feats = torch.randn(5, CHANNELS)
    scores = torch.stack([s.pred_score for s in head.predict((feats,))])
    for attribute in range(4):
        pair = torch.stack(
            [words.features[attribute], words.absent[attribute]]
        )
        logits = 100 * F.normalize(feats) @ pair.T
        torch.testing.assert_close(
            scores[:, attribute], logits.softmax(1)[:, 0], atol=1e-5, rtol=1e-4
        )


def test_zero_shot_finds_what_was_built_in(file, words) -> None:
    mixed = words.features - words.absent
    wanted = torch.tensor([[1, 0, 0, 1], [0, 1, 1, 0], [0, 0, 0, 0]]).bool()
    signs = 2.0 * wanted - 1
    # solve for images whose pair differences have these signs
    images = torch.linalg.lstsq(mixed, signs.T).solution.T
    found = build(file, bias=False).predict((images,))
    for sample, row in zip(found, wanted, strict=True):
        assert sample.pred_label.tolist() == row.nonzero()[:, 0].tolist()
    ranked = build(file, bias=False, use_absent=False, temperature=1)
    top = [s.pred_score for s in ranked.predict((words.features,))]
    assert torch.stack(top).argmax(1).tolist() == [0, 1, 2, 3]


def test_unknown_entries_and_labels(file) -> None:
    head = build(file, temperature=0.5)
    feats = torch.randn(2, CHANNELS)
    scores = [[1, 0, 1, 0], [0, 0, 1, 1]]
    masks = [[True, True, False, True], [False] * 4]
    logits = head((feats,))[0, [0, 1, 3]]
    expected = F.binary_cross_entropy_with_logits(
        logits, torch.tensor([1.0, 0, 0])
    )
    loss = head.loss((feats,), samples(scores, masks))['loss']
    torch.testing.assert_close(loss, expected)
    again = [[1, 0, 0, 0], [1, 1, 0, 0]]  # other labels where unknown
    assert torch.equal(
        head.loss((feats,), samples(again, masks))['loss'], loss
    )
    unknown = head.loss((feats,), samples(scores, [[False] * 4] * 2))['loss']
    unknown.backward()
    assert unknown.item() == 0


def test_no_label_reaches_a_prediction(file) -> None:
    head = build(file)
    feats = torch.randn(2, CHANNELS)
    scores = torch.tensor([[1.0, 0, 1, 0], [0, 0, 1, 1]])
    first = head.predict((feats,), samples(scores))
    second = head.predict((feats,), samples(1 - scores))
    for one, other in zip(first, second, strict=True):
        assert torch.equal(one.pred_score, other.pred_score)


def test_counts_reach_the_loss(file) -> None:
    head = build(file, loss=dict(type='mmvision_ext.ClassBalancedBCELoss'))
    with pytest.raises(InputError, match='AttributeStatisticsHook'):
        head.loss((torch.randn(1, CHANNELS),), samples([[1, 0, 0, 0]]))
    head.set_counts(torch.tensor([1, 2, 3, 4]), torch.tensor([4, 3, 2, 1]))
    loss = head.loss((torch.randn(1, CHANNELS),), samples([[1, 0, 0, 0]]))
    assert torch.isfinite(loss['loss'])


def test_projection(file) -> None:
    feats = torch.randn(3, CHANNELS)
    plain, projected = build(file), build(file, project=True)
    torch.testing.assert_close(plain((feats,)), projected((feats,)))
    wide = build(file, in_channels=5, text_channels=CHANNELS, project=True)
    assert wide((torch.randn(3, 5),)).shape == (3, 4)
    torch.testing.assert_close(
        wide.pre_logits((torch.randn(3, 5),)).norm(dim=1), torch.ones(3)
    )
    with pytest.raises(InputError, match='project=True, found 8 and 5'):
        build(file, in_channels=5, text_channels=CHANNELS)
    with pytest.raises(InputError, match=r'pooled features \(N, 8\)'):
        plain((torch.randn(2, 9),))


def test_names_choose_rows_and_order(file, words) -> None:
    head = build(file, num_classes=2)
    head.set_names(('wet', 'metal'))
    assert torch.equal(head.present, words.features[[2, 0]])
    assert torch.equal(head.absent, words.absent[[2, 0]])
    with pytest.raises(InputError, match=r"words\.safetensors.*'glass'"):
        build(file, num_classes=2).set_names(('glass', 'wet'))
    with pytest.raises(InputError, match=r'embeddings \(2, 8\).*\(4, 8\)'):
        build(file, num_classes=2)((torch.randn(1, CHANNELS),))


def test_files_that_do_not_fit(file, words, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r'\(4, 9\).*text_channels.*random'):
        build(file, in_channels=9)((torch.randn(1, 9),))
    path = tmp_path / 'present.safetensors'
    write_embeddings(replace(words, absent=None, absent_prompts=None), path)
    with pytest.raises(InputError, match=r'use_absent=False'):
        build(str(path))((torch.randn(1, CHANNELS),))
    build(str(path), use_absent=False)((torch.randn(1, CHANNELS),))
    head = build(str(tmp_path / 'none.safetensors'))  # builds without
    with pytest.raises(InputError, match=r'found none at .*encode_text\.py'):
        head((torch.randn(1, CHANNELS),))


def test_a_checkpoint_needs_no_file(file, tmp_path: Path) -> None:
    trained = build(file, num_classes=2)
    trained.set_names(('wet', 'metal'))
    with torch.no_grad():
        trained.bias.fill_(0.25)
    feats = torch.randn(3, CHANNELS)
    expected = trained((feats,))
    head = build(str(tmp_path / 'none.safetensors'), num_classes=2)
    head.load_state_dict(trained.state_dict())
    head.set_names(('red', 'round'))  # a checkpoint's stay
    assert torch.equal(head((feats,)), expected)
    empty = build(str(tmp_path / 'none.safetensors'), num_classes=2)
    head.load_state_dict(empty.state_dict())
    with pytest.raises(InputError, match='found none at'):
        head((feats,))


@pytest.mark.parametrize(
    ('mode', 'frozen', 'project'),
    [
        ('fine-tuned', False, False),
        ('linear probe', True, True),
        ('calibrated', True, False),
    ],
)
def test_gradient_reaches_what_a_mode_trains(
    mode: str, frozen: bool, project: bool, tmp_path: Path
) -> None:
    register_tiny_clip(tmp_path)
    path = tmp_path / 'tiny.safetensors'
    table = F.normalize(torch.randn(8, TINY_DIMENSIONS))
    prompts = tuple((name,) for name in NAMES)
    write_embeddings(
        TextEmbeddings(
            NAMES, table[:4], prompts, 'random', None, None, table[4:], prompts
        ),
        path,
    )
    model = MODELS.build(
        dict(
            type='mmpretrain.ImageClassifier',
            backbone=dict(
                type='mmvision_ext.OpenCLIPImageTower',
                architecture=TINY_RESNET,
                frozen=frozen,
            ),
            head=dict(
                type='mmvision_ext.TextAttributeHead',
                num_classes=4,
                in_channels=TINY_DIMENSIONS,
                embeddings=str(path),
                project=project,
            ),
        )
    ).train()
    images = torch.randn(2, 3, 64, 64)
    labels = samples([[1, 0, 1, 0], [0, 0, 1, 1]])
    model(images, labels, mode='loss')['loss'].backward()
    with_gradient = {
        name
        for name, parameter in model.named_parameters()
        if parameter.grad is not None and parameter.grad.any()
    }
    head = {'head.bias', 'head.cosine.log_scale'}
    head |= {'head.projection.weight'} if project else set()
    assert {n for n in with_gradient if n.startswith('head')} == head
    tower = {n for n in with_gradient if n.startswith('backbone')}
    assert bool(tower) != frozen
    if not frozen:
        assert 'backbone.visual.conv1.weight' in tower
    texts = {n for n, _ in model.named_buffers() if n.startswith('head')}
    assert texts == {'head.present', 'head.absent'}
