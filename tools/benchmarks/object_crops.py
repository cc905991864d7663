"""Time object crops that share a decode against one decode a crop.

Example:
    python tools/benchmarks/object_crops.py \\
        data/coco/annotations/instances_train2017.json data/coco/train2017
"""

import argparse
from pathlib import Path

from mmvision_ext.datasets.crop_benchmark import (
    ORDERS,
    Samples,
    append_rows,
    markdown_table,
    measure_crops,
)
from mmvision_ext.engine.launch import exit_on_input_error
from mmvision_ext.utils.arguments import tool_parser


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__)
    parser.add_argument('ann_file', help='COCO instance file')
    parser.add_argument('img_dir', help='folder of its images')
    parser.add_argument(
        '--min-objects',
        type=int,
        default=5,
        help='objects from which an image is taken, default: %(default)s',
    )
    parser.add_argument(
        '--size',
        type=int,
        default=224,
        help='side of a crop in pixels, default: %(default)s',
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
    """Time both orders and print the table."""
    args = parse_args()
    samples = Samples(args.ann_file, args.img_dir, args.min_objects)
    speeds = [
        measure_crops(samples, order, args.repeats, args.size)
        for order in ORDERS
    ]
    print(markdown_table(speeds))
    if args.csv:
        append_rows(Path(args.csv), speeds)


if __name__ == '__main__':
    with exit_on_input_error():
        main()
