"""Count what a config's dataset holds: classes, sizes, what occurs together.

Reads annotations only. Writes summary.md, classes.csv and charts: balance.png,
sizes.png and, for objects and attributes, together.png.

Example:
    python tools/analysis_tools/dataset_statistics.py \
        configs/mask_rcnn/mask-rcnn_mobilenet-v2_fpn_1xb8-24e_voc.py \
        --out work_dirs/statistics
"""

import argparse

from mmvision_ext.engine.launch import exit_on_input_error
from mmvision_ext.utils.arguments import tool_parser


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(
        __doc__, out='folder for the tables and charts', cfg_options=True
    )
    parser.add_argument('config', help='config file')
    parser.add_argument(
        '--split',
        choices=['train', 'val', 'test'],
        default='train',
        help='data loader of the config, default: %(default)s',
    )
    return parser.parse_args()


def main() -> None:
    """Count, and name the files."""
    args = parse_args()
    with exit_on_input_error():
        from mmvision_ext.apis.dataset_statistics import (
            measure_config,
            write_statistics,
        )
        from mmvision_ext.apis.model import load_config
        from mmvision_ext.utils.output_folder import check_folder

        check_folder(args.out)
        config = load_config(args.config, args.cfg_options)
        statistics = measure_config(config, args.split)
        title = f'{args.config.rpartition("/")[2]}, {args.split}'
        for file in write_statistics(statistics, args.out, title):
            print(file)


if __name__ == '__main__':
    main()
