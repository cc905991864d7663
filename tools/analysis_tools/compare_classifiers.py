r"""Compare training runs of classifiers: one chart and one table.

Reads the logs and configs in the work directories; nothing is computed anew.
Accuracies are those of the last validation.

Example:
    python tools/analysis_tools/compare_classifiers.py \
        scratch=work_dirs/mobilenet-v2_conv-gap_scratch_1xb32-50e_caltech101 \
        fine-tuned=work_dirs/mobilenet-v2_conv-gap_finetune_1xb32-50e_caltech101 \
        --out work_dirs/comparison
"""  # noqa: E501

import argparse

from mmvision_ext.engine.launch import exit_on_input_error
from mmvision_ext.utils.arguments import tool_parser


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__, out='folder for the results')
    parser.add_argument(
        'runs',
        nargs='+',
        metavar='[NAME=]WORK_DIR',
        help='work directories; without a name, the parts in which the '
        'folders differ',
    )
    return parser.parse_args()


def main() -> None:
    """Write chart and tables, print the table."""
    args = parse_args()
    with exit_on_input_error():
        from mmvision_ext.apis.classification_comparison import (
            compare_runs,
            parse_runs,
            runs_table,
            write_runs,
        )
        from mmvision_ext.utils.output_folder import check_folder

        check_folder(args.out)
        rows, logs = compare_runs(parse_runs(args.runs))
        paths = write_runs(rows, logs, args.out)
        print(runs_table(rows))
        for path in paths:
            print(path)


if __name__ == '__main__':
    main()
