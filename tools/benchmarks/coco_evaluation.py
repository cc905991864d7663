"""Time faster-coco-eval against pycocotools on random boxes and masks.

Example:
    python tools/benchmarks/coco_evaluation.py --images 1000 --detections 50
"""

import argparse
import sys

from mmvision_ext.evaluation.benchmark import (
    DataSize,
    compare_evaluators,
    markdown_table,
    random_records,
)
from mmvision_ext.evaluation.functional.records import KINDS


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    size = DataSize()
    parser.add_argument(
        '--images', type=int, default=size.images, help='default: %(default)s'
    )
    parser.add_argument(
        '--classes',
        type=int,
        default=size.classes,
        help='default: %(default)s',
    )
    parser.add_argument(
        '--objects',
        type=int,
        default=size.objects,
        help='annotated objects per image, default: %(default)s',
    )
    parser.add_argument(
        '--detections',
        type=int,
        default=size.detections,
        help='predicted objects per image, default: %(default)s',
    )
    parser.add_argument(
        '--kinds',
        nargs='+',
        choices=KINDS,
        default=list(KINDS),
        help='what to evaluate, default: both',
    )
    parser.add_argument(
        '--repeats',
        type=int,
        default=3,
        help='evaluations of each, the shortest time counts, default: '
        '%(default)s',
    )
    return parser.parse_args()


def main() -> None:
    """Make the data, run both evaluators, print the table."""
    args = parse_args()
    size = DataSize(args.images, args.classes, args.objects, args.detections)
    comparisons = []
    for kind in args.kinds:
        print(f'{kind}: making random data ...', file=sys.stderr)
        records = random_records(size, with_masks=kind == 'segm')
        comparisons.append(
            compare_evaluators(
                records,
                size.classes,
                kind,
                args.repeats,
                progress=lambda line: print(line, file=sys.stderr),
            )
        )
    print(markdown_table(comparisons))


if __name__ == '__main__':
    main()
