"""What ``mmvision train`` and ``test`` write into a config."""

import argparse
from typing import Any

import pytest
from mmengine.config import Config

from mmvision_ext.cli import test, train
from mmvision_ext.utils import InputError

TRAIN = argparse.Namespace(
    config='c.py', amp=False, auto_scale_lr=True, resume=None
)
TEST = argparse.Namespace(
    config='c.py', checkpoint='w.pth', out=None, show_dir='pictures'
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
