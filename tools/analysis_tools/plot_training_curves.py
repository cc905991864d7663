r"""Draw losses, learning rate and metrics of one or more runs.

Example:
    python tools/analysis_tools/plot_training_curves.py \
        work_dirs/mask-rcnn_r50_fpn_1xb8-24e_voc \
        work_dirs/sparse-rcnn_r50_fpn_300-proposals_1xb8-36e_voc \
        --out work_dirs/curves.png
"""

import argparse
from pathlib import Path

from mmvision_ext.engine.launch import exit_on_input_error
from mmvision_ext.utils.arguments import tool_parser
from mmvision_ext.utils.output_folder import check_folder
from mmvision_ext.visualization.training_log import (
    plot_training_logs,
    read_training_log,
)


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__, out='picture to write')
    parser.add_argument(
        'work_dirs', nargs='+', help='work directories of the runs'
    )
    parser.add_argument(
        '--keys',
        nargs='+',
        default=[],
        help='quantities to draw, as the log names them: loss '
        'coco/bbox_mAP; without them, losses, learning rate and main metrics',
    )
    return parser.parse_args()


def main() -> None:
    """Write the picture."""
    args = parse_args()
    with exit_on_input_error():
        check_folder(Path(args.out).parent)
        logs = [read_training_log(folder) for folder in args.work_dirs]
        print(plot_training_logs(logs, args.out, args.keys))


if __name__ == '__main__':
    main()
