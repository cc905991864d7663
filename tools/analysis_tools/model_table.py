r"""Print parameters and multiply-adds of the classifiers of configs.

Nothing is trained, loaded or downloaded. "FLOPs" of papers are these
multiply-adds.

Example:
    python tools/analysis_tools/model_table.py \
        configs/cifar100/*_1xb128-200e_cifar100.py
"""

import argparse

from mmvision_ext.engine.launch import exit_on_input_error
from mmvision_ext.utils.arguments import tool_parser


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__)
    parser.add_argument(
        'configs', nargs='+', metavar='CONFIG', help='config files'
    )
    parser.add_argument(
        '--size',
        type=int,
        help='height and width of the image in pixels; without it, as in the '
        'config',
    )
    parser.add_argument(
        '--format',
        choices=['markdown', 'csv'],
        default='markdown',
        help='csv has all digits',
    )
    return parser.parse_args()


def main() -> None:
    """Count and print."""
    args = parse_args()
    with exit_on_input_error():
        from mmvision_ext.apis.model_table import describe_model, format_rows
        from mmvision_ext.apis.progress import track

        rows = [
            describe_model(config, args.size)
            for config in track(args.configs, 'counting', len(args.configs))
        ]
        print(format_rows(rows, args.format), end='')


if __name__ == '__main__':
    main()
