"""Text encoders against open_clip itself, by brute force."""

import hashlib
import json
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import open_clip
import pytest
import torch
from mmengine.registry import MODELS
from safetensors.torch import save_file

from mmvision_ext.models.text import (
    OpenCLIPTextEncoder,
    Phrases,
    SentenceTextEncoder,
    TextEncoder,
    ensemble,
    read_phrases,
    template_set,
)
from mmvision_ext.testing.tiny_clip import TINY_RESNET, TINY_VIT
from mmvision_ext.utils import InputError


@pytest.fixture(scope='module')
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random weights of the tiny CLIP, as open_clip saves them."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp('weights') / 'clip.pt'
    torch.save(open_clip.create_model(TINY_VIT).state_dict(), path)
    return path


def test_prompts_are_averaged_as_by_hand(weights: Path) -> None:
    encoder = OpenCLIPTextEncoder(TINY_VIT, str(weights))
    phrases = Phrases({'dog': 'a dog', 'cat': 'a cat'}, {'dog': 'no dog'})
    phrases = Phrases(phrases.present, {'dog': 'no dog', 'cat': 'no cat'})
    sentences = ('a photo of {}.', 'one {}', 'look, {}!')
    found = encoder.embeddings(phrases, sentences)

    model = open_clip.create_model(TINY_VIT, pretrained=str(weights)).eval()
    tokenize = open_clip.get_tokenizer(TINY_VIT)

    def by_hand(phrase: str) -> np.ndarray:
        rows = []
        for sentence in sentences:
            with torch.no_grad():
                row = model.encode_text(tokenize([sentence.format(phrase)]))
            rows.append(row[0].double().numpy())
        rows = [row / np.sqrt((row**2).sum()) for row in rows]
        mean = sum(rows) / len(rows)
        return mean / np.sqrt((mean**2).sum())

    for index, name in enumerate(found.names):
        for table, feature in (
            (phrases.present, found.features),
            (phrases.absent, found.absent),
        ):
            np.testing.assert_allclose(
                feature[index], by_hand(table[name]), atol=1e-5
            )
    assert found.prompts[1][2] == 'look, a cat!'
    assert found.features.dtype == torch.float32
    torch.testing.assert_close(found.features.norm(dim=1), torch.ones(2))
    assert found.sha256 == hashlib.sha256(weights.read_bytes()).hexdigest()
    assert found.encoder.endswith(f'sha256 {found.sha256[:12]}')
    assert found.logit_scale == pytest.approx(1 / 0.07)


def test_long_prompts_count_like_short_ones() -> None:
    features = torch.tensor([[3.0, 0], [0, 1], [0, 5]])
    expected = torch.tensor([[0.5**0.5, 0.5**0.5], [0, 1]])
    torch.testing.assert_close(ensemble(features, [2, 1]), expected)
    torch.testing.assert_close(ensemble(features.half(), [2, 1]), expected)


@pytest.mark.parametrize(
    ('features', 'message'),
    [
        ([[0.0, 0], [0, 1]], 'finite and not zero'),
        ([[torch.nan, 0], [0, 1]], 'finite and not zero'),
        ([[0.0, -2], [0, 1]], 'opposite ones in row 0'),
    ],
)
def test_embeddings_that_cannot_be_averaged(features, message: str) -> None:
    with pytest.raises(InputError, match=message):
        ensemble(torch.tensor(features), [2])


class Counting(TextEncoder):
    """Embeds the length of a sentence, and remembers its calls."""

    encoder = 'counting'

    def __init__(self) -> None:
        self.calls: list[int] = []

    def embed(self, sentences):
        self.calls.append(len(sentences))
        return torch.tensor([[float(len(s)), 1] for s in sentences])


def test_many_prompts_go_in_parts() -> None:
    encoder = Counting()
    prompts = [['x' * (k % 7 + 1)] for k in range(600)]
    found = encoder.encode(prompts)
    assert encoder.calls == [256, 256, 88]
    expected = ensemble(encoder.embed([p[0] for p in prompts]), [1] * 600)
    assert torch.equal(found, expected)


@pytest.mark.parametrize('prompts', [[], 'ab', ['ab'], [[]], [['a'], ['']]])
def test_prompts_that_are_none(prompts) -> None:
    with pytest.raises(InputError, match='prompts: expected'):
        Counting().encode(prompts)


def test_files_of_either_kind_give_the_same(
    weights: Path, tmp_path: Path
) -> None:
    state = torch.load(weights, weights_only=True)
    expected = OpenCLIPTextEncoder(TINY_VIT, str(weights)).encode([['a', 'b']])
    half = tmp_path / 'half.safetensors'
    save_file({k: v.half() for k, v in state.items()}, half)
    found = OpenCLIPTextEncoder(TINY_VIT, str(half)).encode([['a', 'b']])
    torch.testing.assert_close(found, expected, atol=1e-2, rtol=0)
    wrapped = tmp_path / 'training.pt'
    named = {f'module.{name}': value for name, value in state.items()}
    torch.save(dict(epoch=3, state_dict=named), wrapped)
    built = MODELS.build(
        dict(
            type='mmvision_ext.OpenCLIPTextEncoder',
            architecture=TINY_VIT,
            weights=str(wrapped),
        )
    )
    assert torch.equal(built.encode([['a', 'b']]), expected)


def test_an_architecture_with_towers_apart(
    weights: Path, tiny_clip: Path, tmp_path: Path
) -> None:
    config = json.loads((tiny_clip / f'{TINY_VIT}.json').read_text())
    path = tmp_path / 'tiny-clip-apart.json'
    path.write_text(json.dumps({**config, 'custom_text': True}))
    open_clip.add_model_config(path)
    apart = OpenCLIPTextEncoder('tiny-clip-apart', str(weights))
    assert 'text.positional_embedding' in apart.model.state_dict()
    whole = OpenCLIPTextEncoder(TINY_VIT, str(weights))
    prompts = [['a', 'b'], ['c']]
    assert torch.equal(apart.encode(prompts), whole.encode(prompts))
    towers = apart.image_tower(), whole.image_tower()
    assert towers[0].keys() == towers[1].keys()


def test_weights_that_cannot_be_used(weights: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match='of another model') as error:
        OpenCLIPTextEncoder(TINY_RESNET, str(weights))
    assert str(weights) in str(error.value)
    with pytest.raises(InputError, match="'tiny-clop'; did you mean"):
        OpenCLIPTextEncoder('tiny-clop', str(weights))
    with pytest.raises(InputError, match=r'RN50-quickgelu.*openai.*neither'):
        OpenCLIPTextEncoder('RN50-quickgelu', 'nowhere.pt')
    state = torch.load(weights, weights_only=True)
    more = tmp_path / 'more.pt'
    torch.save({**state, 'extra.weight': torch.ones(1)}, more)
    with pytest.raises(InputError, match=r'not used: extra\.weight'):
        OpenCLIPTextEncoder(TINY_VIT, str(more))
    visual = {k: v for k, v in state.items() if k.startswith('visual.')}
    torch.save(visual, more)
    with pytest.raises(InputError, match='missing: positional_embedding'):
        OpenCLIPTextEncoder(TINY_VIT, str(more))


def test_code_in_a_file_is_not_run(tmp_path: Path) -> None:
    class Malicious:
        def __reduce__(self):
            return open, (str(tmp_path / 'run'), 'w')

    path = tmp_path / 'evil.pt'
    torch.save({'visual.conv1.weight': Malicious()}, path)
    with pytest.raises(InputError, match='weights_only'):
        OpenCLIPTextEncoder(TINY_VIT, str(path))
    assert not (tmp_path / 'run').exists()


def test_a_tag_without_a_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_, **__):
        raise OSError('Name or service not known\nand more')

    monkeypatch.setattr(open_clip, 'download_pretrained', fail)
    with pytest.raises(InputError) as error:
        OpenCLIPTextEncoder('RN50-quickgelu', 'openai')
    message = str(error.value)
    assert 'Name or service not known)' in message
    assert 'https://huggingface.co/timm/resnet50_clip.openai' in message
    assert 'name the file in the place of the tag' in message


def test_a_library_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, 'open_clip', None)
    with pytest.raises(InputError, match='pip install open_clip_torch'):
        OpenCLIPTextEncoder(TINY_VIT)
    monkeypatch.setitem(sys.modules, 'sentence_transformers', None)
    with pytest.raises(InputError, match='pip install "sentence-tr'):
        SentenceTextEncoder('all-MiniLM-L6-v2')


@pytest.fixture
def sentences(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A stand-in for the library, and how it was called."""
    calls = SimpleNamespace(options={})

    class SentenceTransformer:
        def __init__(self, name: str, **options) -> None:
            if 'none' in name:
                raise OSError('no such model')
            calls.name, calls.options = name, options

        def encode(self, texts, convert_to_tensor, show_progress_bar):
            assert convert_to_tensor and not show_progress_bar
            return torch.tensor([[len(t), 1.0] for t in texts])

    module = ModuleType('sentence_transformers')
    module.SentenceTransformer = SentenceTransformer
    monkeypatch.setitem(sys.modules, 'sentence_transformers', module)
    return calls


def test_sentence_encoder(sentences: SimpleNamespace, tmp_path: Path) -> None:
    folder = tmp_path / 'MiniLM'
    folder.mkdir()
    (folder / 'model.safetensors').write_bytes(b'weights')
    encoder = SentenceTextEncoder(str(folder))
    assert sentences.options['trust_remote_code'] is False
    assert sentences.options['local_files_only'] is True
    assert sentences.options['model_kwargs'] == dict(use_safetensors=True)
    assert encoder.sha256 == hashlib.sha256(b'weights').hexdigest()
    found = encoder.embeddings(read_phrases('dior'), template_set('plain'))
    assert found.absent is None and found.logit_scale is None
    folder.rename(tmp_path / 'elsewhere')  # the same weights, the same words
    moved = SentenceTextEncoder(str(tmp_path / 'elsewhere'))
    assert found.encoder == moved.encoder
    assert found.encoder.endswith(f', sha256 {encoder.sha256[:12]}')
    length = len('an airplane')
    expected = torch.tensor([length, 1.0]) / (length**2 + 1) ** 0.5
    torch.testing.assert_close(found.features[0], expected)
    assert SentenceTextEncoder('org/model').sha256 is None
    with pytest.raises(InputError, match=r"'none'.*no such model"):
        SentenceTextEncoder('none')
