"""Measure what the histograms of HistogramHook cost while training.

Iterations with and without histograms alternate; medians are compared.

Example:
    python tools/benchmarks/histogram_hook.py --image-size 64 --batch-size 16
"""

import argparse
import tempfile

from mmvision_ext.engine.hook_cost.histograms import (
    measure_histogram_cost,
    write_costs,
)
from mmvision_ext.engine.hook_cost.noise_training import (
    BACKBONES,
    BenchmarkSize,
    add_size_arguments,
)
from mmvision_ext.engine.hooks.histogram_hook import HistogramHook
from mmvision_ext.engine.launch import exit_on_input_error
from mmvision_ext.utils.arguments import tool_parser
from mmvision_ext.utils.provenance import command_line


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__)
    add_size_arguments(parser, '--repeats', 'timed iterations of each kind')
    parser.add_argument('--out', help='CSV file to write')
    return parser.parse_args()


def main() -> None:
    """Time every backbone, print the table, and write it."""
    args = parse_args()
    size = BenchmarkSize(args.image_size, args.batch_size, args.repeats)
    interval = HistogramHook().interval
    print(
        '| backbone | tensors | values (M) | iteration (ms) | '
        f'histograms (ms) | cost at interval {interval} |\n'
        '|---|---|---|---|---|---|'
    )
    costs = {}
    for name in args.backbones:
        with tempfile.TemporaryDirectory() as folder:
            cost = measure_histogram_cost(*BACKBONES[name], folder, size)
        costs[name] = cost
        print(
            f'| {name} | {cost.parameters} | {cost.values / 1e6:.2f} | '
            f'{cost.plain * 1e3:.0f} | '
            f'{(cost.captured - cost.plain) * 1e3:.0f} | '
            f'{cost.share(interval):.2%} |',
            flush=True,
        )
    if args.out:
        command = command_line()
        print(write_costs(costs, size, interval, args.out, command))


if __name__ == '__main__':
    with exit_on_input_error():
        main()
