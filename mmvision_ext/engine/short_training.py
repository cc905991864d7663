"""Configs cut down to what a measurement needs."""

import time
from pathlib import Path

from mmengine.config import Config


def only_train(config: Config) -> None:
    """Let a config neither validate nor save.

    Args:
        config: The training config; changed.
    """
    for key in ('dataloader', 'cfg', 'evaluator'):
        config[f'val_{key}'] = None
    config.default_hooks = config.get('default_hooks') or {}
    config.default_hooks.checkpoint = None  # without the key mmengine adds one


def shorten_training(
    config: Config, work_dir: Path, steps: int, name: str
) -> None:
    """Let a config train some steps at one rate, and nothing else.

    Args:
        config: The training config; changed.
        work_dir: Where the log goes.
        steps: Number of steps.
        name: What the training is called; a number is added.
    """
    config.work_dir = str(work_dir)
    config.experiment_name = f'{name}-{time.time_ns()}'
    config.train_cfg = dict(by_epoch=False, max_iters=steps)
    config.param_scheduler = []
    only_train(config)
