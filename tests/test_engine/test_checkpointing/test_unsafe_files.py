"""Files that run code are refused, wherever a checkpoint is read."""

import pickle
import runpy
import struct
import sys
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mmengine.runner
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.model import BaseModel, BaseModule
from mmengine.runner import CheckpointLoader, load_checkpoint
from safetensors.torch import save_file
from torch import nn

from mmvision_ext.apis import AttributeInferencer, DetectionInferencer
from mmvision_ext.engine.checkpointing import (
    fault_of,
    newest_good,
    read_checkpoint,
    safe_load,
    trust_checkpoint,
)
from mmvision_ext.engine.checkpointing.publish import publish
from mmvision_ext.engine.runner import Runner
from mmvision_ext.models.backbones.clip_weights import load_clip_tower
from mmvision_ext.models.backbones.convert import read_weights
from mmvision_ext.testing.tiny_attributes import image_config
from mmvision_ext.testing.tiny_training import tiny_runner
from mmvision_ext.testing.unsafe_files import (
    FORMS,
    PLACES,
    Call,
    attack,
    attack_once,
    kinds,
    payloads,
    remove_marker,
    write_unsafe,
)
from mmvision_ext.utils import InputError
from mmvision_ext.utils.arguments import tool_parser

ARCHIVE = next(iter(FORMS))
#: Payloads that name nothing but what may be loaded; torch says what is wrong.
UNNAMED = {'array of objects', 'scalar of objects'}


def test_every_payload_works(tmp_path: Path) -> None:
    marker = tmp_path / 'marker'
    made = payloads(marker)
    assert len(made) >= 60
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        for name, payload in made.items():
            data = pickle.dumps(payload)
            try:
                pickle.loads(data)
            except Exception:  # noqa: S110, after the marker was made
                pass
            assert marker.is_symlink() or marker.exists(), name
            remove_marker(marker)


def test_none_is_run_and_each_is_named(tmp_path: Path) -> None:
    for name, place, form in kinds()[: len(payloads(tmp_path))]:
        assert form == ARCHIVE
        was_run, error = attack_once(
            read_checkpoint, tmp_path, (name, place, form)
        )
        assert not was_run, name
        assert isinstance(error, InputError), name
        assert '--trust-checkpoint' in str(error)
        assert 'found the object' in str(error) or name in UNNAMED


@pytest.mark.parametrize('place', PLACES)
def test_no_place_is_open(place: str, tmp_path: Path) -> None:
    attacks = [('builtins:eval', place, ARCHIVE)]
    assert attack(read_checkpoint, tmp_path, attacks) == ([], [])


@pytest.mark.filterwarnings('ignore:Detected pickle protocol')
def test_no_form_is_open(tmp_path: Path) -> None:
    attacks = kinds()
    assert len(attacks) >= 500
    assert {form for *_, form in attacks} == {*FORMS}
    assert attack(read_checkpoint, tmp_path, attacks) == ([], [])


class Toy(BaseModel):
    """The least that the hosts' builders take for a model."""

    def __init__(self, **_: Any) -> None:
        super().__init__()
        self.layer = nn.Linear(1, 1)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return self.layer(inputs)


def _toy_config() -> Config:
    return Config(
        dict(
            default_scope='mmdet',
            model=dict(type=Toy, backbone={}, data_preprocessor={}),
        )
    )


def _init_detector(path: Path) -> None:
    from mmvision_ext.apis import init_detector

    init_detector(_toy_config(), str(path), device='cpu')


def _get_model(path: Path) -> None:
    from mmpretrain import get_model

    get_model(_toy_config(), pretrained=str(path))


def _init_cfg(path: Path) -> None:
    BaseModule(dict(type='Pretrained', checkpoint=str(path))).init_weights()


def _runner(kind: type[mmengine.runner.Runner], resume: bool) -> Callable:
    def read(path: Path) -> None:
        runner = tiny_runner(
            path.parent,
            runner_class=kind,
            load_from=str(path),
            resume=resume,
            default_hooks={},
            custom_hooks=[],
        )
        runner.load_or_resume()

    return read


LOADERS: dict[str, Callable[[Path], Any]] = {
    'mmengine: load_checkpoint': lambda path: load_checkpoint(
        nn.Linear(1, 1), str(path)
    ),
    'mmengine: CheckpointLoader': lambda path: (
        CheckpointLoader.load_checkpoint(str(path), map_location='cpu')
    ),
    'mmengine: init_cfg': _init_cfg,
    'mmengine: Runner, load_from': _runner(mmengine.runner.Runner, False),
    'mmengine: Runner, resume': _runner(mmengine.runner.Runner, True),
    'mmdet: init_detector': _init_detector,
    'mmpretrain: get_model': _get_model,
    'Runner, load_from': _runner(Runner, False),
    'Runner, resume': _runner(Runner, True),
    'DetectionInferencer': lambda path: DetectionInferencer(
        _toy_config(), path, 'cpu'
    ),
    'AttributeInferencer': lambda path: AttributeInferencer(
        image_config(path.parent), path, 'cpu'
    ),
    'read_weights': read_weights,
    'load_clip_tower': lambda path: load_clip_tower(nn.Linear(1, 1), path),
    'publish': lambda path: publish(path, path.parent / 'out' / 'a.pth'),
}


@pytest.mark.parametrize('loader', LOADERS)
def test_no_loader_is_open(loader: str, tmp_path: Path) -> None:
    attacks = [
        ('os:system', 'weights', ARCHIVE),
        ('getattr of __import__', 'log', 'stream of torch.save before 1.6'),
        ('builtins:eval', 'state of the optimizer', 'pickle, protocol 2'),
    ]
    for attack_of in attacks:
        was_run, error = attack_once(LOADERS[loader], tmp_path, attack_of)
        assert not was_run
        assert isinstance(error, InputError), repr(error)
        assert '--trust-checkpoint' in str(error)


def test_the_newest_that_is_unsafe_is_rejected(tmp_path: Path) -> None:
    path = write_unsafe(
        tmp_path, tmp_path / 'marker', 'os:system', 'meta', ARCHIVE
    ).rename(tmp_path / 'epoch_1.pth')
    assert 'posix.system' in str(fault_of(path))
    newest = newest_good(tmp_path)
    assert newest.path is None
    assert 'posix.system' in newest.rejected[0]
    assert not (tmp_path / 'marker').exists()


@pytest.mark.parametrize('kind', [mmengine.runner.Runner, Runner])
def test_the_config_in_a_checkpoint_is_not_run(
    kind: type, tmp_path: Path
) -> None:
    marker = tmp_path / 'marker'
    work_dir = tmp_path / 'first'
    work_dir.mkdir()
    tiny_runner(work_dir, epochs=1).train()
    path = next(work_dir.glob('epoch_*.pth'))
    content = read_checkpoint(path)
    content['meta']['config'] = f'x = open({str(marker)!r}, "w").close()'
    torch.save(content, tmp_path / 'a.pth')
    _runner(kind, True)(tmp_path / 'a.pth')
    assert not marker.exists()


@pytest.fixture
def unsafe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with a payload, in a process that trusts none."""
    monkeypatch.setattr(safe_load, '_trusted', set())
    return write_unsafe(
        tmp_path, tmp_path / 'marker', 'os:system', 'meta', ARCHIVE
    )


def test_one_file_can_be_trusted(unsafe: Path, capsys) -> None:
    marker = unsafe.parent / 'marker'
    other = unsafe.with_name('other.pth')
    other.write_bytes(unsafe.read_bytes())
    arguments = ['c.py', 'c.pth', '--trust-checkpoint', str(unsafe)]
    tool_parser('Text.', model=True).parse_args(arguments)
    with pytest.raises(InputError, match=r'posix\.system'):
        read_checkpoint(other)
    assert not marker.exists()
    assert read_checkpoint(unsafe)['meta']['payload'] == 0  # the exit status
    assert marker.exists()
    said = ''.join(capsys.readouterr())
    assert said.count('is trusted: code that it holds is run') == 1


def test_trust_of_one_call(unsafe: Path) -> None:
    with pytest.raises(InputError, match='does not fit|be built'):
        DetectionInferencer(
            _toy_config(), unsafe, 'cpu', trust_checkpoint=True
        )
    assert (unsafe.parent / 'marker').exists()
    (unsafe.parent / 'marker').unlink()
    with pytest.raises(InputError, match='trust-checkpoint'):
        read_checkpoint(unsafe)
    assert not (unsafe.parent / 'marker').exists()


def test_what_is_published_is_safe(unsafe: Path) -> None:
    trust_checkpoint(unsafe)
    done = publish(unsafe, unsafe.with_name('out.pth'))
    assert set(read_checkpoint(done.path)['meta']) == {
        'dataset_meta',
        'epoch',
        'iter',
    }


def test_a_demo_says_so_and_ends(
    repository: Path, unsafe: Path, monkeypatch, capsys
) -> None:
    (unsafe.parent / 'c.py').write_text('model = dict()\n')
    demo = repository / 'projects' / 'demo' / 'image_demo.py'
    config, out = unsafe.with_name('c.py'), unsafe.with_name('out')
    arguments = ['x.jpg', str(config), str(unsafe), '--out', str(out)]
    monkeypatch.setattr(sys, 'argv', [str(demo), *arguments])
    with pytest.raises(SystemExit, match='2'):
        runpy.run_path(str(demo), run_name='__main__')
    assert 'posix.system' in capsys.readouterr().err
    assert not (unsafe.parent / 'marker').exists()


@pytest.mark.parametrize(
    ('state', 'message'),
    [
        ((3, '<', None, ('a',), {'a': (np.dtype('O'), 0)}, 8, 8, 0), "'O8'"),
        ((3, '<', None, ('a',), {'a': (np.dtype('f8'), 0)}, 8, 8, 63), ''),
        ((3, '<', None, None, None, -1, -1, 63), ''),
    ],
)
def test_bytes_do_not_become_pointers(
    state: tuple, message: str, tmp_path: Path
) -> None:
    kind = Call(np.dtype, 'f8', False, True, state=state)
    array = Call(
        np._core.multiarray._reconstruct,
        np.ndarray,
        (0,),
        b'b',
        state=(1, (1,), kind, False, bytes(8)),
    )
    torch.save(dict(array=array), tmp_path / 'a.pth')
    with pytest.raises(InputError, match=message or 'state of a dtype'):
        read_checkpoint(tmp_path / 'a.pth')
    torch.save(dict(x=Call(np.ndarray, (9,), 'O')), tmp_path / 'a.pth')
    with pytest.raises(InputError, match=r'object numpy\.ndarray'):
        read_checkpoint(tmp_path / 'a.pth')


@pytest.mark.parametrize(
    ('behind', 'message'),
    [
        (0, 'bytes packed into'),
        (65_000, 'bytes packed into'),
        (65_600, 'list of its parts'),
        (10**6, 'list of its parts'),
    ],
)
def test_a_packed_archive_is_refused(
    behind: int, message: str, tmp_path: Path
) -> None:
    torch.save(dict(w=torch.zeros(10**6)), tmp_path / 'a.pth')
    with (
        zipfile.ZipFile(tmp_path / 'a.pth') as plain,
        zipfile.ZipFile(
            tmp_path / 'b.pth', 'w', zipfile.ZIP_DEFLATED
        ) as packed,
    ):
        for name in plain.namelist():
            packed.writestr(name, plain.read(name))
    with (tmp_path / 'b.pth').open('ab') as file:
        file.write(b'\1' * behind)
    with pytest.raises(InputError, match=message):
        read_checkpoint(tmp_path / 'b.pth')


@pytest.mark.parametrize(
    'content',
    [
        b'',
        struct.pack('<Q', 2**60) + b'{}',
        struct.pack('<Q', 8) + b'no JSON!',
        struct.pack('<Q', 63)
        + b'{"w":{"dtype":"F32","shape":[99999999],"data_offsets":[0,4]} }'
        + bytes(4),
    ],
    ids=['empty', 'long header', 'no JSON', 'shape'],
)
def test_damaged_safetensors_are_named(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / 'a.safetensors'
    path.write_bytes(content)
    with pytest.raises(InputError, match=r'a\.safetensors'):
        read_checkpoint(path)


@pytest.mark.parametrize(
    ('text', 'found'),
    [
        ('no JSON', "'no JSON'"),
        ('[' * 10**5, 'RecursionError'),
        ('[1]', 'JSON of list'),
        ('null', 'JSON of NoneType'),
    ],
    ids=['no JSON', 'deep', 'list', 'null'],
)
def test_meta_of_safetensors_is_a_mapping(
    text: str, found: str, tmp_path: Path
) -> None:
    path = tmp_path / 'a.safetensors'
    save_file(dict(w=torch.ones(1)), path, {'meta': text})
    with pytest.raises(InputError, match='a JSON object as "meta"') as caught:
        read_checkpoint(path)
    assert found in str(caught.value)
    assert '--trust-checkpoint' not in str(caught.value)


def test_safetensors_in_capital_letters(tmp_path: Path) -> None:
    save_file(dict(w=torch.ones(1)), tmp_path / 'A.SafeTensors')
    content = read_checkpoint(tmp_path / 'A.SafeTensors')
    assert content == dict(state_dict=dict(w=torch.ones(1)), meta={})


def test_a_list_that_holds_itself_is_read(tmp_path: Path) -> None:
    ring: list = [1]
    ring.append(ring)
    torch.save(dict(ring=ring), tmp_path / 'a.pth')
    assert read_checkpoint(tmp_path / 'a.pth')['ring'][0] == 1


def test_a_missing_file_is_told_with_those_beside_it(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r'found none at .*epoch_2\.pth\.$'):
        read_checkpoint(tmp_path / 'epoch_2.pth')
    (tmp_path / 'epoch_12.pth').touch()
    with pytest.raises(InputError, match="; did you mean 'epoch_12.pth'"):
        read_checkpoint(tmp_path / 'epoch_2.pth')


def test_a_folder_and_a_text_file_are_told(tmp_path: Path) -> None:
    (tmp_path / 'epoch_2.pth').write_text('model = dict()\n')
    with pytest.raises(InputError, match=r'found the folder .*: epoch_2\.pth'):
        read_checkpoint(tmp_path)
    with pytest.raises(InputError, match='found a text file'):
        read_checkpoint(tmp_path / 'epoch_2.pth')
