"""What ``mmvision train`` and ``test`` write into a config."""

import argparse
from pathlib import Path
from typing import Any

import pytest
from mmengine.config import Config

from mmvision_ext.cli import test, train
from mmvision_ext.utils import InputError

TRAIN = argparse.Namespace(
    config='c.py', amp=False, auto_scale_lr=True, resume=None
)
TEST = argparse.Namespace(
    config='c.py', checkpoint=__file__, out=None, show_dir='pictures'
)


@pytest.mark.parametrize(
    'settings',
    [{}, dict(auto_scale_lr=None), dict(auto_scale_lr=dict(enable=False))],
)
def test_a_rate_without_a_batch_size(settings: dict[str, Any]) -> None:
    with pytest.raises(InputError, match='base_batch_size in c.py, found no'):
        train.merge_args(Config(settings), TRAIN)


@pytest.mark.parametrize(
    'settings', [{}, dict(default_hooks=dict(visualization=None))]
)
def test_pictures_without_a_hook_that_draws(settings: dict[str, Any]) -> None:
    with pytest.raises(InputError, match='visualization, which draws, in c'):
        test.merge_args(Config(settings), TEST)


@pytest.mark.parametrize(
    ('scope', 'expected'),
    [
        ('mmdet', dict(draw=True, test_out_dir='pictures')),
        ('mmpretrain', dict(enable=True, out_dir='pictures')),
        (None, dict(enable=True, out_dir='pictures')),
    ],
)
def test_pictures_are_drawn(scope: str | None, expected: dict) -> None:
    hook = dict(type='VisualizationHook')
    config = Config(dict(default_hooks=dict(visualization=hook)))
    if scope is not None:
        config.default_scope = scope
    test.merge_args(config, TEST)
    assert config.default_hooks.visualization == dict(
        **hook, interval=1, **expected
    )


@pytest.mark.parametrize('path', ['gone.pth', 'https://example.org/a.pth'])
def test_a_checkpoint_that_is_absent(path: str, tmp_path: Path) -> None:
    """It is named as the user named it; addresses are asked later."""
    if '://' not in path:
        (tmp_path / 'gane.pth').touch()
        path = str(tmp_path / path)
    resumed = argparse.Namespace(**vars(TRAIN) | {'resume': path})
    resumed.auto_scale_lr = False
    tested = argparse.Namespace(**vars(TEST) | {'checkpoint': path})
    tested.show_dir = None
    for module, args, name in (
        (train, resumed, '--resume'),
        (test, tested, 'checkpoint'),
    ):
        config = Config(dict(work_dir=str(tmp_path)))
        if '://' in path:
            module.merge_args(config, args)
            assert config.load_from == path
        else:
            message = f"{name}: .* file {path}; did you mean 'gane.pth'"
            with pytest.raises(InputError, match=message):
                module.merge_args(config, args)
