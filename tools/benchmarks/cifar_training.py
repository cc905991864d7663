r"""Measure how fast classifiers train on CIFAR-100, in images per second.

Times, in turn and in one run: mmpretrain's own way (image by image through a
pipeline, float32); the way of the configs (batches from one tensor, losses
read now and then) in float32 and in mixed precision; and a bare PyTorch loop
on one batch, the limit. The first two get the same images, crops and flips.
Appends a row for each to a CSV. With --profile, also shows where the time of
an iteration goes.

Example:
    OMP_NUM_THREADS=2 python tools/benchmarks/cifar_training.py \
        configs/cifar100/resnet20_1xb128-200e_cifar100.py \
        --iterations 20 --repeats 5 --profile
"""

import argparse
import os
import tempfile

from mmvision_ext.engine.launch import exit_on_input_error
from mmvision_ext.utils.arguments import tool_parser
from mmvision_ext.utils.provenance import command_line

CONFIGS = [
    f'configs/cifar100/{name}_1xb128-200e_cifar100.py'
    for name in ('resnet20', 'resnet18', 'convnext-cifar')
]


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__)
    parser.add_argument(
        'configs',
        nargs='*',
        default=CONFIGS,
        help='config files under configs/cifar100 (default: those of '
        'ResNet-20, ResNet-18 and the small ConvNeXt)',
    )
    parser.add_argument(
        '--iterations',
        type=int,
        default=20,
        help='iterations of an epoch; the first two do not count (default: '
        '%(default)s)',
    )
    parser.add_argument(
        '--repeats',
        type=int,
        default=5,
        help='epochs that count, of each way (default: %(default)s)',
    )
    parser.add_argument(
        '--batch-size', type=int, default=128, help='default: %(default)s'
    )
    parser.add_argument(
        '--precisions',
        nargs='+',
        choices=['float32', 'mixed'],
        default=['float32', 'mixed'],
        help='of the configs and of the bare loop (default: both)',
    )
    parser.add_argument(
        '--compile',
        metavar='MODE',
        help='compile the network of the configs and of the bare loop: '
        'default, reduce-overhead (CUDA graphs), max-autotune',
    )
    parser.add_argument(
        '--workers',
        type=int,
        help="worker processes of mmpretrain's way (default: the config's)",
    )
    parser.add_argument('--threads', type=int, help='threads of PyTorch')
    parser.add_argument(
        '--profile',
        action='store_true',
        help='also show where the time of an iteration goes',
    )
    parser.add_argument(
        '--out',
        default='projects/cifar100_architectures/results/benchmark.csv',
        help='CSV to append to (default: %(default)s)',
    )
    return parser.parse_args()


def main() -> None:
    """Time every config, print the tables, append the rows."""
    args = parse_args()
    with exit_on_input_error(), tempfile.TemporaryDirectory() as folder:
        import torch
        from rich.console import Console

        from mmvision_ext.engine.speed import (
            SpeedOptions,
            append_speeds,
            measure_parts,
            measure_speed,
            parts_table,
            speed_table,
        )

        if args.threads:
            torch.set_num_threads(args.threads)
        options = SpeedOptions(
            args.iterations,
            args.repeats,
            args.batch_size,
            tuple(args.precisions),
            args.compile,
            args.workers,
        )
        console, rows = Console(), []
        for index, path in enumerate(args.configs):
            work_dir = os.path.join(folder, str(index))
            found, entries = measure_speed(
                path, options, work_dir, command_line()
            )
            append_speeds(found, args.out)
            rows += found
            if args.profile:
                parts = {
                    f'{entry.way}, {entry.precision}': measure_parts(
                        entry.contender
                    )
                    for entry in entries
                    if entry.way != 'bare'
                }
                console.print(parts_table(found[0].model, parts))
        console.print(speed_table(rows))
        print(args.out)


if __name__ == '__main__':
    main()
