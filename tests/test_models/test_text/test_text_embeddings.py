"""Embedding files: what is written is read, and nothing else is."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch.nn import functional as F

from mmvision_ext.models.text import (
    TextEmbeddings,
    read_embeddings,
    write_embeddings,
)
from mmvision_ext.utils import InputError

KEY = 'mmvision_ext.text_embeddings'


def embeddings(**changes) -> TextEmbeddings:
    torch.manual_seed(0)
    whole = TextEmbeddings(
        names=('metal', 'round', 'wet'),
        features=F.normalize(torch.randn(3, 5)),
        prompts=(('metal', 'of metal'), ('round', 'a circle'), ('wet', 'ä')),
        encoder='open_clip RN50 (GELU), sha256 0123456789ab',
        sha256='0123456789abcdef' * 4,
        logit_scale=100.0,
        absent=F.normalize(torch.randn(3, 5)),
        absent_prompts=(('not metal',), ('not round',), ('dry',)),
    )
    return replace(whole, **changes)


def assert_equal(found: TextEmbeddings, expected: TextEmbeddings) -> None:
    for name in TextEmbeddings.__dataclass_fields__:
        value, wanted = getattr(found, name), getattr(expected, name)
        if isinstance(wanted, torch.Tensor):
            assert torch.equal(value, wanted), name
        else:
            assert value == wanted, name


@pytest.mark.parametrize(
    'changes',
    [
        {},
        dict(absent=None, absent_prompts=None),
        dict(sha256=None, logit_scale=None),
    ],
)
def test_round_trip(tmp_path: Path, changes) -> None:
    path = tmp_path / 'new' / 'words.safetensors'
    write_embeddings(embeddings(**changes), path)
    assert_equal(read_embeddings(path), embeddings(**changes))


def test_selection_follows_the_names() -> None:
    whole = embeddings()
    found = whole.select(['wet', 'metal'], 'a.safetensors')
    assert found.names == ('wet', 'metal')
    assert found.prompts == (('wet', 'ä'), ('metal', 'of metal'))
    assert found.absent_prompts == (('dry',), ('not metal',))
    assert torch.equal(found.features, whole.features[[2, 0]])
    assert torch.equal(found.absent, whole.absent[[2, 0]])
    with pytest.raises(InputError, match=r"a\.safe.*'metall' and 1 more.*did"):
        whole.select(['metall', 'glass'], 'a.safetensors')
    with pytest.raises(InputError, match="'wet' 2 times"):
        whole.select(['wet', 'wet'], 'a.safetensors')


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        (dict(names=('a', 'b', 'a')), "every name once, found 'a' 2 times"),
        (dict(names=('a', 'b', ' ')), 'none of them empty'),
        (dict(names=()), 'one name or more'),
        (dict(names=('a', 'b')), r'features float32 \(2, D\)'),
        (dict(features=torch.ones(3, 5)), r'length 1, found 2\.236 in row 0'),
        (dict(features=torch.full((3, 5), torch.nan)), 'found nan in row 0'),
        (dict(features=torch.zeros(3, 5)), 'found 0 in row 0, 3 such rows'),
        (dict(features=torch.ones(3)), 'one row for each name'),
        (dict(features=torch.eye(3).double()), 'found torch.float64'),
        (dict(absent=torch.eye(3)), r'absent of shape \(3, 5\)'),
        (dict(absent=None), 'found absent_prompts alone'),
        (dict(prompts=((), ('b',), ('c',))), '1 of them empty'),
        (dict(prompts=(('a',),)), 'found 1 lists'),
        (dict(absent_prompts=(('a',), ('b',), ('',))), 'absent_prompts with'),
        (dict(sha256='123'), 'sha256 of 64'),
        (dict(logit_scale=-1.0), 'logit_scale above 0'),
        (dict(logit_scale=float('nan')), 'logit_scale above 0'),
        (dict(encoder=''), 'name of the encoder'),
    ],
)
def test_malformed_content_is_neither_written_nor_read(
    tmp_path: Path, changes, message: str
) -> None:
    path = tmp_path / 'words.safetensors'
    broken = embeddings(**changes)
    with pytest.raises(InputError, match=message):
        write_embeddings(broken, path)
    assert not path.exists()
    header = dict(version=1)
    for key in ('names', 'prompts', 'absent_prompts', 'encoder', 'sha256'):
        header[key] = getattr(broken, key)
    header['logit_scale'] = broken.logit_scale
    save(path, header, broken)
    with pytest.raises(InputError, match=message):
        read_embeddings(path)


def save(path: Path, header, source: TextEmbeddings) -> None:
    tensors = dict(features=source.features)
    if source.absent is not None:
        tensors['absent'] = source.absent
    text = header if isinstance(header, str) else json.dumps(header)
    save_file(tensors, path, metadata={KEY: text})


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (lambda h: '{', 'expected JSON in the header'),
        (lambda h: '[]', 'expected version in the header, found none'),
        (lambda h: {**h, 'version': 2}, 'version 1 of the file, found 2'),
        (lambda h: {**h, 'names': 'abc'}, "expected names .* found 'abc'"),
        (lambda h: {**h, 'names': [1, 2, 3]}, 'none of them empty'),
        (lambda h: {**h, 'prompts': ['a', 'b', 'c']}, '3 of them empty'),
        (lambda h: {**h, 'encoder': None}, 'expected encoder in the header'),
        (
            lambda h: {k: v for k, v in h.items() if k != 'sha256'},
            'expected sha256 in the header, found none',
        ),
    ],
)
def test_a_damaged_header(tmp_path: Path, change, message: str) -> None:
    path = tmp_path / 'words.safetensors'
    write_embeddings(embeddings(), path)
    with safe_open(path, framework='pt') as file:
        header = json.loads(file.metadata()[KEY])
    save(path, change(header), embeddings())
    with pytest.raises(InputError, match=message) as error:
        read_embeddings(path)
    assert str(path) in str(error.value)
    assert 'encode_text.py' in str(error.value)


def test_files_of_another_kind(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r'found none at .*encode_text\.py'):
        read_embeddings(tmp_path / 'none.safetensors')
    cut = tmp_path / 'cut.safetensors'
    write_embeddings(embeddings(), cut)
    cut.write_bytes(cut.read_bytes()[:-20])
    with pytest.raises(InputError, match='damaged'):
        read_embeddings(cut)
    other = tmp_path / 'weights.safetensors'
    save_file({'conv.weight': torch.ones(1)}, other)
    with pytest.raises(InputError, match=r'found a safe.*conv\.weight'):
        read_embeddings(other)
    pickled = tmp_path / 'pickle.safetensors'
    torch.save(dict(features=torch.eye(3)), pickled)
    with pytest.raises(InputError, match='another kind'):
        read_embeddings(pickled)
    with pytest.raises(InputError, match=r'file \*\.safetensors'):
        write_embeddings(embeddings(), tmp_path / 'words.npz')
