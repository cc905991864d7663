"""Run benchmarks by name and show them in one table.

Example:
    python tools/benchmarks/run.py coco-evaluation import \\
        --csv tools/benchmarks/results/suite.csv
"""

import argparse

from mmvision_ext.benchmarks import BENCHMARKS, run_benchmarks
from mmvision_ext.engine.launch import exit_on_input_error
from mmvision_ext.utils.arguments import tool_parser
from mmvision_ext.utils.provenance import command_line


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    width = max(map(len, BENCHMARKS))
    names = '\n'.join(
        f'    {name:{width}}  {found.summary}'
        for name, found in BENCHMARKS.items()
    )
    parser = tool_parser(f'{__doc__}\nNames:\n{names}')
    parser.add_argument(
        'names', nargs='*', metavar='NAME', help='which, default: all'
    )
    parser.add_argument(
        '--quick',
        action='store_true',
        help='run each on little, to see that it works',
    )
    parser.add_argument('--csv', help='table to which the rows are added')
    return parser.parse_args()


def main() -> None:
    """Run them, add each to a file, print the table."""
    args = parse_args()
    with exit_on_input_error():
        from rich.console import Console

        from mmvision_ext.benchmarks.report import (
            append_results,
            results_table,
        )

        results = []
        try:
            for result in run_benchmarks(args.names, args.quick):
                results.append(result)
                if args.csv:  # at once: the next one may fail
                    append_results(
                        args.csv, [result], args.quick, command_line()
                    )
        finally:
            if results:
                Console().print(results_table(results))


if __name__ == '__main__':
    main()
