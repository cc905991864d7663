r"""Count which class objects are detected as: a chart and a CSV.

Example:
    python tools/analysis_tools/confusion_matrix.py \
        configs/mask_rcnn/mask-rcnn_r50_fpn_1xb8-24e_voc.py \
        work_dirs/mask-rcnn_r50_fpn_1xb8-24e_voc/epoch_24.pth \
        --out work_dirs/errors
"""

import argparse

from mmvision_ext.engine.launch import exit_on_input_error


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('config', help='config file')
    parser.add_argument('checkpoint', help='checkpoint file or address')
    parser.add_argument('--out', required=True, help='folder for the results')
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
        help='measure overlaps on boxes or on masks',
    )
    parser.add_argument(
        '--iou-thr',
        type=float,
        default=0.5,
        help='smallest overlap that is the right place',
    )
    parser.add_argument(
        '--score-thr',
        type=float,
        default=0.3,
        help='lowest score of a detection that counts',
    )
    parser.add_argument('--device', help='such as cuda:0 or cpu')
    return parser.parse_args()


def main() -> None:
    """Predict the dataset and write the results."""
    args = parse_args()
    with exit_on_input_error():
        from mmvision_ext.apis import iter_dataset_predictions
        from mmvision_ext.apis.error_analysis import (
            collect_error_data,
            write_confusion,
        )

        predictions = iter_dataset_predictions(
            args.config, args.checkpoint, args.device, args.split, args.limit
        )
        data = collect_error_data(
            predictions, args.kind, args.iou_thr, args.score_thr
        )
        for path in write_confusion(data, args.out):
            print(path)


if __name__ == '__main__':
    main()
