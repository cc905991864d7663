r"""Compare detectors on one dataset: accuracy, speed, memory, size.

Writes comparison.md, comparison.csv and comparison.png. Each model is a
NAME=CONFIG:CHECKPOINT; without a name it is called after its config.

Example:
    python tools/analysis_tools/compare_detectors.py \
        mask=configs/mask_rcnn/mask-rcnn_r50_fpn_1xb8-24e_voc.py:a.pth \
        sparse=configs/sparse_rcnn/\
sparse-rcnn_r50_fpn_300-proposals_1xb8-36e_voc.py:b.pth \
        --out work_dirs/comparison
"""

import argparse

from mmvision_ext.engine.launch import exit_on_input_error
from mmvision_ext.utils.arguments import add_trust_checkpoint, tool_parser
from mmvision_ext.utils.provenance import command_line


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__, out='folder for the results', device=True)
    add_trust_checkpoint(parser)
    parser.add_argument(
        'models', nargs='+', help='NAME=CONFIG:CHECKPOINT of each model'
    )
    parser.add_argument(
        '--dataset-config',
        help='config with the test dataset; without it, that of the first '
        'model whose config loads masks, else of the first model',
    )
    parser.add_argument('--limit', type=int, help='first images only')
    parser.add_argument(
        '--num-timed', type=int, default=30, help='number of images to time'
    )
    return parser.parse_args()


def main() -> None:
    """Compare and write the results."""
    args = parse_args()
    with exit_on_input_error():
        from mmvision_ext.apis.comparison import (
            compare_detectors,
            comparison_table,
            parse_contestant,
            write_comparison,
        )
        from mmvision_ext.utils.output_folder import check_folder

        check_folder(args.out)
        rows = compare_detectors(
            [parse_contestant(text) for text in args.models],
            args.dataset_config,
            args.device,
            args.limit,
            args.num_timed,
            command_line(),
        )
        print(comparison_table(rows))
        for path in write_comparison(rows, args.out):
            print(path)


if __name__ == '__main__':
    main()
