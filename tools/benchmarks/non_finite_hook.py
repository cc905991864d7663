"""Measure what NonFiniteHook adds to a training step.

Steps with and without the hook alternate. What the hook does in a step is
measured apart as well: the difference of two steps is mostly noise.

Example:
    python tools/benchmarks/non_finite_hook.py --backbones resnet-18
"""

import argparse
import tempfile

from mmvision_ext.engine.hook_cost.noise_training import (
    BACKBONES,
    BenchmarkSize,
    add_size_arguments,
)
from mmvision_ext.engine.hook_cost.non_finite import measure_non_finite_cost
from mmvision_ext.engine.launch import exit_on_input_error
from mmvision_ext.utils.arguments import tool_parser
from mmvision_ext.utils.provenance import command_line
from mmvision_ext.utils.tables import append_csv, markdown_table


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__)
    add_size_arguments(parser, '--pairs', 'of steps')
    parser.add_argument('--csv', help='table to which the rows are added')
    return parser.parse_args()


def main() -> None:
    """Measure every backbone and policy, print the table, add it to a file."""
    args = parse_args()
    size = BenchmarkSize(args.image_size, args.batch_size, args.repeats)
    command = command_line()
    rows, cells = [], []
    for name in args.backbones:
        for policy in ('stop', 'skip'):
            with tempfile.TemporaryDirectory() as folder:
                cost = measure_non_finite_cost(
                    *BACKBONES[name], policy, folder, size
                )
            rows.append({'backbone': name, **cost.row(size, command)})
            cells.append(
                [
                    name,
                    policy,
                    f'{cost.values / 1e6:.2f}',
                    f'{cost.plain * 1e3:.1f}',
                    f'{cost.watched * 1e3:.1f}',
                    f'{cost.own * 1e3:.2f}',
                    f'{cost.share:.2%}',
                ]
            )
            print(f'{name}, {policy}: {cost.share:.2%}', flush=True)
    titles = ['backbone', 'policy', 'values (M)', 'step (ms)', 'with (ms)']
    print(markdown_table([*titles, 'hook (ms)', 'hook / step'], cells))
    if args.csv:
        append_csv(args.csv, rows)


if __name__ == '__main__':
    with exit_on_input_error():
        main()
