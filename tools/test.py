"""Test a checkpoint of MMDetection or MMPretrain by a config.

Example:
    python tools/test.py configs/mask_rcnn/mask-rcnn_r50_fpn_1xb8-24e_voc.py \\
        work_dirs/mask-rcnn_r50_fpn_1xb8-24e_voc/epoch_24.pth
"""

import argparse
import os
import os.path as osp

from mmengine.config import Config, DictAction

from mmvision_ext.engine.distributed import report_failure
from mmvision_ext.engine.launch import (
    build_runner,
    dump_predictions,
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
    parser.add_argument('checkpoint', help='checkpoint file')
    parser.add_argument('--work-dir', help='folder for logs and metrics')
    parser.add_argument('--out', help='file for the predictions, *.pkl')
    parser.add_argument(
        '--show-dir', help='folder for pictures of the predictions'
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
    if args.out is not None and not args.out.endswith(('.pkl', '.pickle')):
        parser.error(f'--out: expected a .pkl file, found {args.out}')
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
    cfg.load_from = args.checkpoint
    if args.out is not None:
        dump_predictions(cfg, args.out)
    if args.show_dir is not None:
        drawing = (
            dict(draw=True, test_out_dir=args.show_dir)
            if cfg.default_scope == 'mmdet'
            else dict(enable=True, out_dir=args.show_dir)
        )
        cfg.default_hooks.visualization.update(interval=1, **drawing)
    return cfg


def main() -> None:
    """Build the runner and test."""
    args = parse_args()
    with exit_on_input_error(), report_failure():
        build_runner(merge_args(read_config(args.config), args)).test()


if __name__ == '__main__':
    main()
