r"""Label a folder of images with attributes, as a COCO-format JSON file.

Images get attributes themselves; with --annotations the boxes of that file
do, for models of objects. A run that was killed goes on when it is started
again: the journal beside the result (RESULT.journal.jsonl) keeps what is done,
and may be deleted when no more images are to come. Images that cannot be read
and boxes outside their images are named, and listed in the result as 'failed'.
Folders in the folder are counted and left out, unless --recursive is given.

Example:
    python tools/auto_label.py \
        configs/coconut/cross-modal_efficientnet-lite0_1xb16-30e_coco-cut.py \
        epoch_30.pth photos/ --thresholds thresholds.json --out labels.json
"""

import argparse
from pathlib import Path

from mmvision_ext.engine.launch import exit_on_input_error
from mmvision_ext.utils.arguments import tool_parser


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(
        __doc__, model=True, out='JSON file to write', device=True
    )
    parser.add_argument('images', help='folder of images')
    parser.add_argument(
        '--annotations',
        help='COCO-format JSON whose boxes are labelled, in images of the '
        'folder',
    )
    limits = parser.add_mutually_exclusive_group()
    limits.add_argument(
        '--threshold',
        type=float,
        default=0.5,
        help='score from which an attribute is written (default: 0.5)',
    )
    limits.add_argument(
        '--thresholds',
        help='file with one for each attribute (AttributeMetric, '
        'save_thresholds)',
    )
    parser.add_argument('--batch-size', type=int, default=16)
    parser.add_argument(
        '--recursive',
        action='store_true',
        help='label images of the folders in the folder as well; file_name of '
        'annotations may always name them',
    )
    parser.add_argument(
        '--restart',
        action='store_true',
        help='throw the labels of an earlier run away',
    )
    parser.add_argument(
        '--strict',
        action='store_true',
        help='exit with 1 where an image or box was left out',
    )
    return parser.parse_args()


def main() -> None:
    """Label and say what was left out."""
    args = parse_args()
    with exit_on_input_error():
        from mmvision_ext.apis.auto_label import auto_label
        from mmvision_ext.utils.output_folder import check_folder

        check_folder(Path(args.out).parent)
        summary = auto_label(
            args.config,
            args.checkpoint,
            args.images,
            args.out,
            args.annotations,
            args.threshold if args.thresholds is None else args.thresholds,
            args.batch_size,
            args.device,
            args.restart,
            recursive=args.recursive,
        )
        print(summary.text())
    if args.strict and summary.failed:
        raise SystemExit(1)


if __name__ == '__main__':
    main()
