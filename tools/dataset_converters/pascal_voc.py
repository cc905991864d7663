"""Convert a PASCAL VOC devkit or SBD to COCO JSON, boxes and masks."""

import argparse
import sys

from mmvision_ext.datasets.voc_to_coco import convert_devkit
from mmvision_ext.utils import InputError

EXAMPLE = """example:
  python tools/dataset_converters/pascal_voc.py data/VOCdevkit \\
      --out-dir data/VOCdevkit/coco --splits train val

One <year folder>_<split>.json for each year folder and split. Exit status:
0 everything converted, 1 something was dropped or ignored (the files are
written), 2 the devkit cannot be read.
"""


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        'devkit',
        metavar='VOCDEVKIT',
        help="year folder, devkit with year folders, or SBD's dataset folder",
    )
    parser.add_argument(
        '--out-dir', required=True, help='folder for the JSON files'
    )
    parser.add_argument(
        '--splits',
        nargs='+',
        default=['train', 'val'],
        help='names of image lists (default: train val)',
    )
    parser.add_argument(
        '--mask-format',
        choices=['rle', 'polygon', 'none'],
        default='rle',
        help='rle and polygon are both exact; none writes boxes alone, which '
        'needs no mask files (default: rle)',
    )
    parser.add_argument(
        '--image-set',
        choices=['Segmentation', 'Main'],
        default='Segmentation',
        help='folder in ImageSets with the lists (default: Segmentation)',
    )
    parser.add_argument(
        '--classes',
        nargs='+',
        metavar='NAME',
        help='class names in label order (default: the 20 of VOC)',
    )
    parser.add_argument(
        '--allow-drops',
        action='store_true',
        help='exit with 0 although something was dropped or ignored',
    )
    return parser.parse_args()


def main() -> int:
    """Convert and give the account."""
    args = parse_args()
    try:
        conversions = convert_devkit(
            args.devkit,
            args.out_dir,
            splits=args.splits,
            mask_format=args.mask_format,
            image_set=args.image_set,
            classes=args.classes,
            on_written=lambda done: print(done.account(), flush=True),
        )
    except InputError as error:
        print(f'error: {error}', file=sys.stderr)
        return 2
    lost = sum(conversion.report.lost for conversion in conversions)
    if lost and not args.allow_drops:
        print(
            f'error: {lost} images, objects or masks were dropped or ignored '
            '(see above); --allow-drops accepts this',
            file=sys.stderr,
        )
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
