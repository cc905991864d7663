"""GELU and QuickGELU: what differs, what does not, and who can tell."""

import json
from pathlib import Path

import open_clip
import pytest
import torch
from mmengine.logging import MMLogger
from open_clip.transformer import QuickGELU

from mmvision_ext.models.text import (
    OpenCLIPTextEncoder,
    activation_of,
    activation_of_file,
    activation_of_tag,
    check_activation,
)
from mmvision_ext.models.text.open_clip_weights import build_open_clip
from mmvision_ext.testing.tiny_clip import TINY_RESNET, TINY_VIT
from mmvision_ext.utils import InputError

OPENAI_RN50 = (
    'afeb0e10f9e5a86da6080e35cf09123aca3b358a0c3e3b6c78a7b63bc04b6762'
)


def quick(module: torch.nn.Module) -> int:
    return sum(isinstance(m, QuickGELU) for m in module.modules())


@pytest.mark.parametrize(
    ('name', 'in_image', 'in_text'), [(TINY_RESNET, 0, 2), (TINY_VIT, 2, 2)]
)
def test_a_state_dict_does_not_tell(
    name: str, in_image: int, in_text: int
) -> None:
    torch.manual_seed(0)
    exact = build_open_clip(name).eval()
    other = build_open_clip(f'{name}-quickgelu').eval()
    assert quick(exact) == 0
    assert (quick(other.visual), quick(other.transformer)) == (
        in_image,
        in_text,
    )
    shapes = [
        {name: value.shape for name, value in model.state_dict().items()}
        for model in (exact, other)
    ]
    assert shapes[0] == shapes[1]
    other.load_state_dict(exact.state_dict())
    tokens = open_clip.get_tokenizer(name)(['a ship', 'an airport'])
    size = exact.visual.image_size
    size = size if isinstance(size, int) else size[0]
    images = torch.rand(2, 3, size, size)
    with torch.no_grad():
        assert not torch.equal(
            exact.encode_text(tokens), other.encode_text(tokens)
        )
        same = torch.equal(
            exact.encode_image(images), other.encode_image(images)
        )
    assert same == (in_image == 0)


@pytest.mark.parametrize('name', ['RN50', 'RN101', 'RN50x4'])
def test_openai_and_their_architectures_say_quickgelu(name: str) -> None:
    assert activation_of(name) == 'GELU'
    for architecture in (name, f'{name}-quickgelu'):
        assert activation_of_tag(architecture, 'openai') == 'QuickGELU'


def test_tags_of_open_clip_tell() -> None:
    assert activation_of('RN50-quickgelu') == 'QuickGELU'
    assert activation_of_tag('ViT-B-32', 'laion2b_s34b_b79k') == 'GELU'
    assert activation_of_tag('ViT-B-32', 'laion400m_e32') == 'QuickGELU'
    assert activation_of_tag('RN50', 'none') is None


def test_known_files_tell(tmp_path: Path) -> None:
    path = tmp_path / 'weights.pt'
    assert activation_of_file('RN50', path, OPENAI_RN50) == 'QuickGELU'
    short = 'af8dbd0c' + '0' * 56  # in the address of laion2b_e16
    assert activation_of_file('ViT-B-32', path, short) == 'GELU'
    assert activation_of_file('RN50', path, '0' * 64) is None
    config = tmp_path / 'open_clip_config.json'
    for flag, wanted in ((True, 'QuickGELU'), (False, 'GELU')):
        config.write_text(json.dumps(dict(model_cfg=dict(quick_gelu=flag))))
        assert activation_of_file('RN50', path, '0' * 64) == wanted
    config.write_text('{')
    assert activation_of_file('RN50', path, '0' * 64) is None


def test_a_mismatch_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    check_activation('RN50-quickgelu', 'QuickGELU', 'w')
    check_activation('RN50', 'GELU', 'w')
    with pytest.raises(InputError, match=r"w: .*Take .* 'RN50-quickgelu'"):
        check_activation('RN50', 'QuickGELU', 'w')
    with pytest.raises(InputError, match="Take the architecture 'ViT-B-32'"):
        check_activation('ViT-B-32-quickgelu', 'GELU', 'w')
    monkeypatch.setattr(open_clip, 'download_pretrained', pytest.fail)
    with pytest.raises(InputError, match="Take .* 'RN50-quickgelu'"):
        OpenCLIPTextEncoder('RN50', 'openai')  # before it is fetched
    with pytest.raises(InputError, match="Take .* 'ViT-B-32'"):
        OpenCLIPTextEncoder('ViT-B-32-quickgelu', 'laion2b_s34b_b79k')


def test_what_nobody_knows_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said: list[str] = []
    logger = MMLogger.get_instance('activation')
    monkeypatch.setattr(logger, 'log', lambda level, text: said.append(text))
    check_activation('RN50', None, 'some.pt')
    check_activation('RN50-quickgelu', None, 'some.pt')
    assert 'some.pt: built with GELU' in said[0]
    assert said[0].endswith('The other choice is RN50-quickgelu.')
    assert said[1].endswith('The other choice is RN50.')
