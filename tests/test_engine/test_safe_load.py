"""Checkpoints are read without running what they hold."""

import contextlib
import pickle
import random
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer
from mmengine.optim import OneCycleParamScheduler

from mmvision_ext.engine.checkpointing import read_checkpoint
from mmvision_ext.utils import InputError


class Trap:
    """Writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return (self.path.touch, ())


def test_code_in_a_checkpoint_is_not_run(tmp_path: Path) -> None:
    sprung = tmp_path / 'sprung'
    for name, write in (('new.pth', torch.save), ('old.pth', _pickle)):
        write({'state_dict': {}, 'extra': Trap(sprung)}, tmp_path / name)
        with pytest.raises(InputError, match='weights_only=True'):
            read_checkpoint(tmp_path / name)
    assert not sprung.exists()


def test_a_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r'found the folder .*it has no'):
        read_checkpoint(tmp_path)


def test_the_home_folder_is_expanded(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv('HOME', str(tmp_path))
    torch.save({'w': torch.ones(1)}, tmp_path / 'a.pth')
    assert read_checkpoint('~/a.pth') == {'w': torch.ones(1)}


@pytest.mark.parametrize('content', [b'', b'PK\x03\x04 half', b'\x80\x02}q'])
def test_a_damaged_checkpoint_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / 'bad.pth').write_bytes(content)
    with pytest.raises(InputError, match=r'bad.pth.*damaged'):
        read_checkpoint(tmp_path / 'bad.pth')


def test_a_text_file_is_named(tmp_path: Path) -> None:
    (tmp_path / 'notes.txt').write_text('plain text, no archive')
    with pytest.raises(InputError, match='notes.txt: .* a text file'):
        read_checkpoint(tmp_path / 'notes.txt')


def test_a_file_that_holds_no_dict_is_named(tmp_path: Path) -> None:
    torch.save(torch.zeros(3), tmp_path / 'tensor.pth')
    with pytest.raises(InputError, match='expected a dict.*Tensor'):
        read_checkpoint(tmp_path / 'tensor.pth')


class Making:
    """Has a class make something."""

    def __init__(self, kind: type, *arguments: object) -> None:
        self.parts = (kind, arguments)

    def __reduce__(self):
        return self.parts


def test_no_schedule_is_made(tmp_path: Path) -> None:
    made = Making(OneCycleParamScheduler, 1)
    torch.save({'x': made}, tmp_path / 'a.pth')
    with pytest.raises(InputError, match='the object OneCycleParamScheduler'):
        read_checkpoint(tmp_path / 'a.pth')


class Reaching:
    """Asks getattr for what is not a statistic of a log's history."""

    def __init__(self, owner: object, name: str) -> None:
        self.arguments = (owner, name)

    def __reduce__(self):
        return (getattr, self.arguments)


@pytest.mark.parametrize(
    ('owner', 'name'),
    [
        (HistoryBuffer, '__init__'),
        (HistoryBuffer, '_annealing_cos'),
        (OneCycleParamScheduler, '__init__'),
        (OneCycleParamScheduler, 'mean'),
        (np.ndarray, 'tofile'),
    ],
)
def test_getattr_reaches_nothing_else(
    owner: object, name: str, tmp_path: Path
) -> None:
    torch.save({'x': Reaching(owner, name)}, tmp_path / 'a.pth')
    with pytest.raises(InputError, match=f'the object getattr.*{name}'):
        read_checkpoint(tmp_path / 'a.pth')


def test_the_offending_object_is_named(tmp_path: Path) -> None:
    torch.save({'x': Reaching(Path, 'home')}, tmp_path / 'a.pth')
    with pytest.raises(InputError, match='found the object pathlib.Path,'):
        read_checkpoint(tmp_path / 'a.pth')


def test_what_mmengine_stores_is_read(tmp_path: Path) -> None:
    history = HistoryBuffer([1.0, 3.0], [1, 1])
    values = dict(
        float=np.float64(2),
        ids=np.arange(3),
        log=history,
        kind=np.dtype('>f4'),
    )
    torch.save(values, tmp_path / 'a.pth')
    found = read_checkpoint(tmp_path / 'a.pth')
    assert found['float'] == 2
    assert found['ids'].tolist() == [0, 1, 2]
    assert found['kind'] == np.dtype('>f4')
    assert found['log'].mean() == 2
    assert found['log'].statistics('max') == 3


def test_bytes_are_made_of_nothing(tmp_path: Path) -> None:
    torch.save({'x': b'', 'y': np.zeros((0, 4))}, tmp_path / 'a.pth')
    found = read_checkpoint(tmp_path / 'a.pth')
    assert found['x'] == b''
    assert found['y'].shape == (0, 4)
    torch.save({'x': Making(bytes, 10**9)}, tmp_path / 'a.pth')
    with pytest.raises(InputError, match='the object bytes'):
        read_checkpoint(tmp_path / 'a.pth')


def test_every_flip_is_read_or_named(tmp_path: Path) -> None:
    path = tmp_path / 'a.pth'
    torch.save({'w': torch.ones(40), 'log': HistoryBuffer([1.0], [1])}, path)
    content = path.read_bytes()
    for place in random.Random(0).sample(range(len(content)), 200):
        damaged = bytearray(content)
        damaged[place] ^= 0xFF
        path.write_bytes(damaged)
        with contextlib.suppress(InputError):
            read_checkpoint(path)


def _pickle(content: object, path: Path) -> None:
    path.write_bytes(pickle.dumps(content))
