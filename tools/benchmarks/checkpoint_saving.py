"""Time and memory of saving a checkpoint, safely and as mmengine does it.

Both save the same content in turn. Linux only: the peak of the memory comes
from /proc.

Example:
    python tools/benchmarks/checkpoint_saving.py --megabytes 50 250
"""

import argparse
import tempfile
from pathlib import Path

from mmvision_ext.engine.checkpointing.save_cost import measure_save_cost
from mmvision_ext.engine.launch import exit_on_input_error
from mmvision_ext.utils.arguments import tool_parser
from mmvision_ext.utils.provenance import command_line
from mmvision_ext.utils.tables import append_csv, markdown_table

SHOWN = {
    'megabytes': 'checkpoint (MB)',
    'stock_seconds': 'stock (s)',
    'safe_seconds': 'safe (s)',
    'stock_cpu_seconds': 'stock: CPU (s)',
    'safe_cpu_seconds': 'safe: CPU (s)',
    'stock_memory': 'stock: memory / size',
    'safe_memory': 'safe: memory / size',
}


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__)
    parser.add_argument(
        '--megabytes',
        type=float,
        nargs='+',
        default=[50.0, 250.0],
        help='sizes of the checkpoints, default: 50 250',
    )
    parser.add_argument(
        '--repeats',
        type=int,
        default=5,
        help='saves of each kind, the median counts, default: %(default)s',
    )
    parser.add_argument(
        '--folder', help='where to save, default: a new temporary folder'
    )
    parser.add_argument('--csv', help='table to which the rows are added')
    return parser.parse_args()


def main() -> None:
    """Measure every size, print the table, add it to a file."""
    args = parse_args()
    command = command_line()
    with tempfile.TemporaryDirectory() as temporary:
        rows = [
            measure_save_cost(
                size, Path(args.folder or temporary), args.repeats, command
            )
            for size in args.megabytes
        ]
    cells = [[str(row[key]) for key in SHOWN] for row in rows]
    print(markdown_table(list(SHOWN.values()), cells))
    if args.csv:
        append_csv(args.csv, rows)


if __name__ == '__main__':
    with exit_on_input_error():
        main()
