r"""Report on a training: what it was, how it went, where it ended.

Reads the logs and configs in the work directory; nothing is computed anew, so
it works for a training that is going on, was resumed or was killed. Writes
training_report.md, history.json (every quantity of every epoch) and
curves.png. TrainingReportHook writes the same when a training ends.

Example:
    python tools/analysis_tools/training_report.py \
        work_dirs/cross-modal_efficientnet-lite0_1xb16-30e_coco-cut
"""

import argparse

from mmvision_ext.engine.launch import exit_on_input_error
from mmvision_ext.utils.arguments import tool_parser


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__)
    parser.add_argument('work_dir', help='work directory of the training')
    parser.add_argument(
        '--out',
        help='folder for the report; training_report in the work directory '
        'by default',
    )
    return parser.parse_args()


def main() -> None:
    """Write the report and print its files."""
    args = parse_args()
    with exit_on_input_error():
        from mmvision_ext.apis.training_report import write_training_report
        from mmvision_ext.utils.output_folder import check_folder

        if args.out is not None:
            check_folder(args.out)
        for path in write_training_report(args.work_dir, args.out):
            print(path)


if __name__ == '__main__':
    main()
