"""The tool that writes embedding files, as a user runs it."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import open_clip
import pytest
import torch

from mmvision_ext.models.text import (
    OpenCLIPTextEncoder,
    read_embeddings,
    read_phrases,
)
from mmvision_ext.testing.tiny_clip import TINY_VIT, register_tiny_clip


@pytest.fixture(scope='module')
def tool(repository: Path) -> ModuleType:
    """The tool's module."""
    path = repository / 'tools' / 'model_converters' / 'encode_text.py'
    spec = importlib.util.spec_from_file_location('encode_text', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope='module')
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random weights of a tiny CLIP."""
    folder = tmp_path_factory.mktemp('clip')
    register_tiny_clip(folder)
    path = folder / 'clip.pt'
    torch.save(open_clip.create_model(TINY_VIT).state_dict(), path)
    return path


def run(tool: ModuleType, monkeypatch, *arguments) -> None:
    monkeypatch.setattr(sys, 'argv', ['encode_text.py', *map(str, arguments)])
    tool.main()


def test_files_of_a_vocabulary(
    tool, weights, monkeypatch, tmp_path: Path, capsys
) -> None:
    out, tower = tmp_path / 'words.safetensors', tmp_path / 'new' / 't.pth'
    clip = ('--architecture', TINY_VIT, '--weights', weights)
    run(
        tool,
        monkeypatch,
        'apascal_64',
        *('--templates', 'photo', '--out', out, '--tower', tower),
        *clip,
    )
    found = read_embeddings(out)
    assert found.names == tuple(read_phrases('apascal_64').present)
    assert found.prompts[0][0] == (
        'a photo of an object that is flat and rectangular.'
    )
    expected = OpenCLIPTextEncoder(TINY_VIT, str(weights))
    torch.testing.assert_close(
        found.features, expected.encode(found.prompts), atol=1e-5, rtol=0
    )
    assert found.encoder == expected.encoder
    state = torch.load(tower, weights_only=True)['state_dict']
    assert state.keys() == expected.image_tower().keys()
    assert all(name.startswith('visual.') for name in state)
    printed = capsys.readouterr().out
    assert '64 names, 16 dimensions, 7 prompts each, with opposites' in printed
    run(tool, monkeypatch, '--words', 'ship', 'dam', '--out', out, *clip)
    assert read_embeddings(out).prompts == (('a ship',), ('a dam',))


@pytest.mark.parametrize(
    ('out', 'tower', 'message'),
    [
        ('w.safetensors', None, '--out: expected another file than --weights'),
        ('a.safetensors', 'w.safetensors', '--tower: expected another file'),
        ('a.safetensors', 'a.safetensors', 'another file than --out'),
        ('d.safetensors', None, '--out: expected a file, found the folder'),
        ('a.safetensors', 'd.safetensors', '--tower: expected a file, found'),
        ('w.safetensors/a.safetensors', None, 'expected a folder, found the'),
    ],
)
def test_inputs_are_not_written_over(
    tool, weights, monkeypatch, tmp_path: Path, capsys, out, tower, message
) -> None:
    given = tmp_path / 'w.safetensors'
    given.write_bytes(weights.read_bytes())
    (tmp_path / 'd.safetensors').mkdir()
    arguments = ['--words', 'ship', '--out', tmp_path / out]
    arguments += ['--architecture', TINY_VIT, '--weights', given]
    arguments += [] if tower is None else ['--tower', tmp_path / tower]
    with pytest.raises(SystemExit) as stop:
        run(tool, monkeypatch, *arguments)
    assert stop.value.code == 2
    assert message in capsys.readouterr().err
    assert given.read_bytes() == weights.read_bytes()
    assert not (tmp_path / 'a.safetensors').exists()


def test_a_device_that_is_not_there(
    tool, weights, monkeypatch, tmp_path: Path, capsys
) -> None:
    arguments = ['--words', 'ship', '--out', tmp_path / 'a.safetensors']
    arguments += ['--architecture', TINY_VIT, '--weights', weights]
    with pytest.raises(SystemExit):
        run(tool, monkeypatch, *arguments, '--device', 'toaster')
    assert "this machine, such as cpu or cuda:0, found 'toaster'" in (
        capsys.readouterr().err
    )


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        ((), 'either a vocabulary or --words'),
        (('dior', '--words', 'ship'), 'either a vocabulary or --words'),
        (('dior',), 'found neither'),
        (
            ('dior', '--architecture', 'RN50', '--sentence-model', 'm'),
            'found both',
        ),
        (('dior', '--architecture', 'RN50'), 'together, found one of them'),
        (
            ('dior', '--sentence-model', 'm', '--tower', 't.pth'),
            'an encoder with an image tower',
        ),
        (('diro',), "found 'diro'; did you mean 'dior'"),
        (
            ('dior', '--architecture', 'RN50', '--weights', 'openai'),
            "Take the architecture 'RN50-quickgelu'",
        ),
        (('--words', 'ship', 'ship'), 'every word once'),
        (('dior', '--out', 'words.npz'), r'*.safetensors, found words.npz'),
    ],
)
def test_one_message(
    tool, monkeypatch, tmp_path: Path, capsys, arguments, message: str
) -> None:
    out = tmp_path / 'words.safetensors'
    with pytest.raises(SystemExit) as stop:
        run(tool, monkeypatch, '--out', out, *arguments)
    assert stop.value.code == 2
    printed = capsys.readouterr().err
    assert printed.startswith('error: ') and message in printed
    assert not out.exists()
