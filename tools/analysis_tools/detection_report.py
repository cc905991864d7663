r"""Show what a detector does well and badly on a dataset.

Predicts the dataset once and writes the average precision of every class
(per_class.csv, per_class.png), which class objects are detected as
(confusion_matrix.csv, confusion_matrix.png), and all errors (errors.csv,
errors.png) with a page of examples per kind (errors_missed.png, ...).

Example:
    python tools/analysis_tools/detection_report.py \
        configs/mask_rcnn/mask-rcnn_r50_fpn_1xb8-24e_voc.py \
        work_dirs/mask-rcnn_r50_fpn_1xb8-24e_voc/epoch_24.pth \
        --out work_dirs/report
"""

import argparse

from mmvision_ext.engine.launch import exit_on_input_error
from mmvision_ext.utils.arguments import tool_parser


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(
        __doc__, model=True, out='folder for the results', device=True
    )
    parser.add_argument(
        '--split',
        choices=['train', 'val', 'test'],
        default='test',
        help='dataset of the config',
    )
    parser.add_argument('--limit', type=int, help='first images only')
    parser.add_argument(
        '--kind',
        choices=['bbox', 'segm'],
        default='bbox',
        help='measure the overlaps of confusions and errors on boxes or '
        'on masks',
    )
    parser.add_argument(
        '--iou-thr',
        type=float,
        default=0.5,
        help='smallest overlap that is the right place, for confusions and '
        'errors',
    )
    parser.add_argument(
        '--score-thr',
        type=float,
        default=0.3,
        help='lowest score of a detection that counts, for confusions and '
        'errors',
    )
    parser.add_argument(
        '--per-page',
        type=int,
        default=12,
        help='number of examples per kind of error',
    )
    return parser.parse_args()


def main() -> None:
    """Predict the dataset and write the results."""
    args = parse_args()
    with exit_on_input_error():
        from mmvision_ext.apis import iter_dataset_predictions
        from mmvision_ext.apis.detection_report import write_detection_report
        from mmvision_ext.utils.output_folder import check_folder

        check_folder(args.out)
        predictions = iter_dataset_predictions(
            args.config, args.checkpoint, args.device, args.split, args.limit
        )
        for path in write_detection_report(
            predictions,
            args.out,
            args.kind,
            args.iou_thr,
            args.score_thr,
            args.per_page,
        ):
            print(path)


if __name__ == '__main__':
    main()
