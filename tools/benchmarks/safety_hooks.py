"""Measure what the safety hooks of the runtime bases add to a training step.

Trains a config with ExactResumeHook, NonFiniteHook, SignalHook and
CorruptImageHook and without them, step by step in turn, with the same images
and random numbers, and compares the processor's time of a step, reading and
augmenting its images included.

Example:
    python tools/benchmarks/safety_hooks.py --pairs 30 \
        configs/caltech101/mobilenet-v2_conv-gap_finetune_1xb32-50e_caltech101.py
"""

import argparse
import statistics
import tempfile
from pathlib import Path

from mmvision_ext.engine.hook_cost.safety import measure_safety_cost
from mmvision_ext.engine.launch import exit_on_input_error
from mmvision_ext.utils.arguments import tool_parser
from mmvision_ext.utils.model_index import find_config
from mmvision_ext.utils.provenance import command_line
from mmvision_ext.utils.tables import append_csv


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__, cfg_options=True)
    parser.add_argument('config', help='config file with the hooks')
    parser.add_argument(
        '--pairs',
        type=int,
        default=30,
        help='of steps, default: %(default)s',
    )
    parser.add_argument('--csv', help='table to which the row is added')
    return parser.parse_args()


def main() -> None:
    """Measure, print what the hooks add, and add a row to a file."""
    args = parse_args()
    with exit_on_input_error(), tempfile.TemporaryDirectory() as folder:
        cost = measure_safety_cost(
            find_config(args.config),
            Path(folder),
            args.pairs,
            args.cfg_options,
        )
        row = cost.row(command_line())
        if args.csv:
            append_csv(args.csv, [row])
    low, high = cost.interval
    print(
        f'a step: {row["plain_ms"]} ms, with the hooks '
        f'{row["guarded_ms"]} ms; they add '
        f'{statistics.median(cost.shares):.2%} (median of {args.pairs} pairs, '
        f'95 % confidence interval {low:.2%} to {high:.2%})'
    )


if __name__ == '__main__':
    main()
