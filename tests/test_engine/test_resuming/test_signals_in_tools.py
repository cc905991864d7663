"""Trainings by train.py, of ours and of the hosts, that get a signal."""

import functools
import importlib
import importlib.util
import os
import runpy
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
from mmengine.config import Config

from mmvision_ext.testing.child_processes import run_children
from mmvision_ext.testing.resumed_training import differences

LONG = bool(os.environ.get('MMVISION_EXT_LONG_TESTS'))


@pytest.fixture(params=['mmvision_ext', 'mmpretrain', 'mmdet'])
def script(request: pytest.FixtureRequest, repository: Path) -> Path:
    """The ``train.py`` of a project."""
    if request.param == 'mmvision_ext':
        return repository / 'tools' / 'train.py'
    found = importlib.util.find_spec(request.param)
    assert found is not None and found.origin is not None
    return Path(found.origin).parent / '.mim' / 'tools' / 'train.py'


def _train(script: Path, *arguments: str) -> None:
    sys.argv = [str(script), *arguments]
    runpy.run_path(str(script), run_name='__main__')


def _config(make: Any, with_signal: bool) -> Config:
    cfg = make(True, 2)
    cfg.default_hooks.checkpoint = dict(type='mmvision_ext.SafeCheckpointHook')
    cfg.default_hooks.non_finite = dict(type='mmvision_ext.NonFiniteHook')
    cfg.default_hooks.signals = dict(type='mmvision_ext.SignalHook')
    cfg.custom_hooks = cfg.custom_hooks[:1]  # the moving average
    cfg.log_level = 'WARNING'  # says where it saved
    if with_signal:
        cfg.custom_hooks.append(
            dict(
                type='mmvision_ext.testing.signal_faults.SendSignal',
                number=int(signal.SIGTERM),
                step=3,
            )
        )
    return cfg


def _import_types(host: str) -> None:
    """Import what takes seconds: a copy of this process has what it has."""
    for project in (host, 'mmvision_ext'):
        for part in ('datasets', 'engine', 'evaluation', 'models'):
            importlib.import_module(f'{project}.{part}')


@pytest.mark.skipif(not LONG, reason='set MMVISION_EXT_LONG_TESTS=1')
def test_stopped_and_resumed(
    script: Path, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    name = 'detector' if 'mmdet' in script.parts else 'classifier'
    make = request.getfixturevalue(name)
    _import_types('mmdet' if name == 'detector' else 'mmpretrain')
    plain, signalled = tmp_path / 'plain.py', tmp_path / 'signalled.py'
    _config(make, False).dump(plain)
    _config(make, True).dump(signalled)
    endings = [
        run_children(
            functools.partial(
                _train, script, str(config), '--work-dir', str(folder), *more
            ),
            tmp_path / f'{number}.txt',
        )
        for number, (config, folder, more) in enumerate(
            [
                (plain, tmp_path / 'whole', []),
                (signalled, tmp_path / 'cut', []),
                (plain, tmp_path / 'cut', ['--resume']),
            ]
        )
    ]
    for ending, status in zip(endings, [0, 143, 0], strict=True):
        assert ending.statuses == [status], ending.output
        assert ending.survivors == []
        assert 'Traceback' not in ending.output
    assert 'iter_4.pth after step 4' in endings[1].output
    last = 'epoch_2.pth'
    assert not differences(tmp_path / 'whole' / last, tmp_path / 'cut' / last)
