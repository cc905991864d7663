"""Find the learning rates at which a config learns: the range test.

Trains for some steps while the learning rate rises, and draws the loss over
it. A rate between the steepest descent and a tenth of where the loss is least
is a common choice; the schedule of the config begins there.

Example:
    python tools/analysis_tools/find_learning_rate.py \
        configs/cifar100/resnet20_1xb128-200e_cifar100.py \
        --highest 10 --out work_dirs/learning_rate
"""

import argparse
from pathlib import Path

from mmvision_ext.engine.launch import exit_on_input_error
from mmvision_ext.utils.arguments import tool_parser


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(
        __doc__, out='folder for the table and the chart', cfg_options=True
    )
    parser.add_argument('config', help='config file')
    parser.add_argument(
        '--steps', type=int, default=100, help='default: %(default)s'
    )
    parser.add_argument(
        '--lowest',
        type=float,
        default=1e-6,
        help='learning rate of the first step, default: %(default)s',
    )
    parser.add_argument(
        '--highest',
        type=float,
        default=1.0,
        help='learning rate of the last step, default: %(default)s',
    )
    return parser.parse_args()


def main() -> None:
    """Run the test, write and print what it found."""
    args = parse_args()
    with exit_on_input_error():
        from mmvision_ext.apis.model import load_config
        from mmvision_ext.engine.learning_rate_range import (
            find_range,
            plot_range,
            write_range,
        )
        from mmvision_ext.utils.output_folder import check_folder

        check_folder(args.out)
        config = load_config(args.config, args.cfg_options)
        folder = Path(args.out)
        test = find_range(
            config, folder / 'log', args.steps, args.lowest, args.highest
        )
        print(write_range(test, folder / 'range.csv'))
        name = args.config.rpartition('/')[2]
        print(plot_range(test, folder / 'range.png', name))
    end = 'the loss exploded' if test.diverged else 'all steps were made'
    print(
        f'{len(test.rates)} of {args.steps} steps, {end}; the loss falls '
        f'fastest at {test.steepest:.2g} and is least at {test.least:.2g}'
    )


if __name__ == '__main__':
    main()
