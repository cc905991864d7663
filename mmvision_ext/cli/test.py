"""``mmvision test`` and ``tools/test.py``."""

import argparse
from typing import TYPE_CHECKING

from mmvision_ext.utils import InputError

from .runner_job import add_job_options, check_checkpoint, run_job

if TYPE_CHECKING:
    from mmengine.config import Config

HELP = 'Test a checkpoint of MMDetection or MMPretrain by a config.'
EXAMPLE = r"""
    PROG configs/mask_rcnn/mask-rcnn_r50_fpn_1xb8-24e_voc.py \
        work_dirs/mask-rcnn_r50_fpn_1xb8-24e_voc/epoch_24.pth
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments.

    Args:
        parser: The command line.
    """
    parser.add_argument('config', help='config file, or name of a config')
    parser.add_argument('checkpoint', help='checkpoint file')
    parser.add_argument('--work-dir', help='folder for logs and metrics')
    parser.add_argument(
        '--out', type=_pickle_file, help='file for the predictions, *.pkl'
    )
    parser.add_argument(
        '--show-dir', help='folder for pictures of the predictions'
    )
    add_job_options(parser)


def run(args: argparse.Namespace) -> None:
    """Build the runner and test.

    Args:
        args: The command line.
    """
    run_job(args, merge_args, lambda runner: runner.test())


def merge_args(cfg: 'Config', args: argparse.Namespace) -> None:
    """Write the command line into the config.

    Args:
        cfg: The config; it is changed.
        args: The command line.

    Raises:
        InputError: There is no such checkpoint, or the config has no hook that
            draws.
    """
    from mmvision_ext.engine.launch import dump_predictions

    check_checkpoint(args.checkpoint, 'checkpoint')
    cfg.load_from = args.checkpoint
    if args.out is not None:
        dump_predictions(cfg, args.out)
    if args.show_dir is not None:
        hook = (cfg.get('default_hooks') or {}).get('visualization')
        if not hook:
            raise InputError(
                '--show-dir: expected default_hooks.visualization, which '
                f'draws, in {args.config}, found none.'
            )
        drawing = (
            dict(draw=True, test_out_dir=args.show_dir)
            if cfg.get('default_scope') == 'mmdet'
            else dict(enable=True, out_dir=args.show_dir)
        )
        hook.update(interval=1, **drawing)


def _pickle_file(name: str) -> str:
    if not name.endswith(('.pkl', '.pickle')):
        raise argparse.ArgumentTypeError(f'expected a .pkl file, found {name}')
    return name
