"""``mmvision train`` and ``tools/train.py``."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from mmvision_ext.utils import InputError

from .runner_job import add_job_options, check_checkpoint, run_job

if TYPE_CHECKING:
    from mmengine.config import Config

HELP = 'Train a model of MMDetection or MMPretrain by a config.'
EXAMPLE = """
    PROG configs/mask_rcnn/mask-rcnn_r50_fpn_1xb8-24e_voc.py
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments.

    Args:
        parser: The command line.
    """
    parser.add_argument('config', help='config file, or name of a config')
    parser.add_argument('--work-dir', help='folder for logs and checkpoints')
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        help='checkpoint to resume from; without one, the latest of work-dir; '
        "where that has none, the training begins with the config's load_from",
    )
    parser.add_argument(
        '--amp',
        action='store_true',
        help='automatic mixed precision; needs a GPU',
    )
    parser.add_argument(
        '--auto-scale-lr',
        action='store_true',
        help='scale the learning rate with the batch size',
    )
    add_job_options(parser)


def run(args: argparse.Namespace) -> None:
    """Build the runner and train.

    Args:
        args: The command line.
    """
    run_job(args, merge_args, lambda runner: runner.train())


def merge_args(cfg: 'Config', args: argparse.Namespace) -> None:
    """Write the command line into the config.

    Args:
        cfg: The config; it is changed.
        args: The command line.

    Raises:
        InputError: The config has no batch size to scale by, or there is no
            checkpoint to resume from.
    """
    from mmvision_ext.engine.launch import enable_amp

    if args.amp:
        enable_amp(cfg)
    if args.auto_scale_lr:
        if not (cfg.get('auto_scale_lr') or {}).get('base_batch_size'):
            raise InputError(
                '--auto-scale-lr: expected auto_scale_lr.base_batch_size in '
                f'{args.config}, found none.'
            )
        cfg.auto_scale_lr.enable = True
    if args.resume not in (None, 'auto'):
        check_checkpoint(args.resume, '--resume')
        cfg.resume, cfg.load_from = True, args.resume
    elif args.resume and (_has_saved(cfg) or not cfg.get('load_from')):
        cfg.resume, cfg.load_from = True, None


def _has_saved(cfg: 'Config') -> bool:
    """Whether a training in this work directory has saved anything."""
    from mmvision_ext.engine.checkpointing import has_checkpoints

    saver = cfg.get('default_hooks', {}).get('checkpoint') or {}
    folders = [Path(cfg.work_dir)]
    if saver.get('out_dir'):  # mmengine adds the name of the work directory
        folders.append(Path(saver['out_dir']) / folders[0].name)
    return any(map(has_checkpoints, folders))
