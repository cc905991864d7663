"""Time the measures of attributes against a loop over scikit-learn.

Example:
    python tools/benchmarks/attribute_metric.py --samples 20000 \\
        --attributes 204
"""

import argparse
from pathlib import Path

from mmvision_ext.evaluation.attribute_benchmark import (
    append_rows,
    compare,
    markdown_table,
    random_arrays,
)


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        '--samples', type=int, default=20_000, help='default: %(default)s'
    )
    parser.add_argument(
        '--attributes', type=int, default=204, help='default: %(default)s'
    )
    parser.add_argument(
        '--known',
        type=float,
        nargs='+',
        default=[1.0, 0.5],
        help='shares of the entries that count, default: 1.0 0.5',
    )
    parser.add_argument(
        '--repeats',
        type=int,
        default=3,
        help='runs of each, the shortest time counts, default: %(default)s',
    )
    parser.add_argument('--csv', help='table to which the rows are added')
    return parser.parse_args()


def main() -> None:
    """Make the data, compute both ways, print the table."""
    args = parse_args()
    rows = []
    for known in args.known:
        arrays = random_arrays(args.samples, args.attributes, known)
        rows.append(compare(arrays, args.repeats))
    print(markdown_table(rows))
    if args.csv:
        append_rows(Path(args.csv), rows)


if __name__ == '__main__':
    main()
