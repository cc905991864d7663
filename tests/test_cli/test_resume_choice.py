"""``--resume`` takes what was saved, wherever; else the config's weights."""

import argparse
from pathlib import Path

import pytest
from mmengine.config import Config

from mmvision_ext.cli.train import merge_args


def _merged(work_dir: Path, out_dir: Path | None) -> Config:
    saver = dict(type='CheckpointHook')
    if out_dir is not None:
        saver['out_dir'] = str(out_dir)
    cfg = Config(
        dict(
            load_from='pretrained.pth',
            work_dir=str(work_dir),
            default_hooks=dict(checkpoint=saver),
        )
    )
    args = argparse.Namespace(
        config='c.py', amp=False, auto_scale_lr=False, resume='auto'
    )
    merge_args(cfg, args)
    return cfg


@pytest.mark.parametrize('elsewhere', [False, True])
def test_a_checkpoint_comes_before_load_from(
    elsewhere: bool, tmp_path: Path
) -> None:
    work_dir = tmp_path / 'run'
    out_dir = tmp_path / 'out' if elsewhere else None
    folder = tmp_path / 'out' / 'run' if elsewhere else work_dir
    folder.mkdir(parents=True)
    (folder / 'epoch_2.pth').touch()
    cfg = _merged(work_dir, out_dir)
    assert (cfg.resume, cfg.load_from) == (True, None)


def test_nothing_saved_begins_with_load_from(tmp_path: Path) -> None:
    cfg = _merged(tmp_path / 'run', tmp_path / 'out')
    assert cfg.get('resume') is None
    assert cfg.load_from == 'pretrained.pth'
