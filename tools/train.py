"""Train a model of MMDetection or MMPretrain by a config.

Example:
    python tools/train.py configs/mask_rcnn/mask-rcnn_r50_fpn_1xb8-24e_voc.py
"""

import argparse
import os
import os.path as osp

from mmengine.config import Config, DictAction

from mmvision_ext.engine.checkpointing import has_checkpoints
from mmvision_ext.engine.distributed import report_failure
from mmvision_ext.engine.launch import (
    build_runner,
    enable_amp,
    exit_on_input_error,
)
from mmvision_ext.utils.arguments import add_trust_checkpoint
from mmvision_ext.utils.config.options import merge_options
from mmvision_ext.utils.config_file import read_config


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('config', help='config file')
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
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        help='settings to override, as key=value: a.b=1 c="[1,2]"',
    )
    parser.add_argument(
        '--launcher',
        choices=['none', 'pytorch', 'slurm', 'mpi'],
        default='none',
        help='how the processes of a distributed job were started',
    )
    add_trust_checkpoint(parser)
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0)
    args = parser.parse_args()
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    return args


def merge_args(cfg: Config, args: argparse.Namespace) -> Config:
    """Write the command line into the config."""
    cfg.launcher = args.launcher
    if args.cfg_options is not None:
        merge_options(cfg, args.cfg_options)
    name = osp.splitext(osp.basename(args.config))[0]
    cfg.work_dir = (
        args.work_dir or cfg.get('work_dir') or osp.join('work_dirs', name)
    )
    if args.amp:
        enable_amp(cfg)
    if args.auto_scale_lr:
        if 'base_batch_size' not in cfg.get('auto_scale_lr', {}):
            raise SystemExit(
                f'error: --auto-scale-lr needs auto_scale_lr.base_batch_size '
                f'in {args.config}'
            )
        cfg.auto_scale_lr.enable = True
    if args.resume not in (None, 'auto'):
        cfg.resume, cfg.load_from = True, args.resume
    elif args.resume and (
        has_checkpoints(cfg.work_dir) or not cfg.get('load_from')
    ):
        cfg.resume, cfg.load_from = True, None
    return cfg


def main() -> None:
    """Build the runner and train."""
    args = parse_args()
    with exit_on_input_error(), report_failure():
        cfg = merge_args(read_config(args.config), args)
        build_runner(cfg).train()


if __name__ == '__main__':
    main()
