"""Time how long a config trains to a mean test accuracy.

Trains the config once a seed, from new weights, after one trial that is not
counted (it compiles and warms up). Timed are drawing the weights and the
training; reading the data, compilation and the test are not. Exits with 1
where the mean accuracy does not reach the target.

Example:
    python tools/benchmarks/time_to_accuracy.py \
        projects/cifar100_speedrun/configs/resnet9_1xb512-30e_cifar100.py \
        --target 75 --runs 5 --out work_dirs/speedrun/trials.csv
"""

import argparse
import tempfile

from mmvision_ext.engine.launch import exit_on_input_error
from mmvision_ext.utils import InputError
from mmvision_ext.utils.arguments import tool_parser
from mmvision_ext.utils.provenance import command_line


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__, cfg_options=True)
    parser.add_argument('config', help='config file')
    parser.add_argument(
        '--target',
        type=float,
        default=75.0,
        help='mean accuracy to reach in per cent, default: %(default)s',
    )
    parser.add_argument(
        '--runs', type=int, default=5, help='trials, default: %(default)s'
    )
    parser.add_argument(
        '--seed', type=int, default=0, help='of the first, default: 0'
    )
    parser.add_argument(
        '--metric',
        default='accuracy/top1',
        help='of the test, default: %(default)s',
    )
    parser.add_argument('--out', help='CSV file with a row a trial')
    return parser.parse_args()


def main() -> None:
    """Train, print the summary, write the trials."""
    args = parse_args()
    with exit_on_input_error():
        from mmvision_ext.apis.model import load_config
        from mmvision_ext.apis.progress import track
        from mmvision_ext.engine.time_to_accuracy import (
            describe,
            time_trials,
            write_trials,
        )

        if args.runs < 1:
            raise InputError(f'--runs: expected at least 1, found {args.runs}')
        config = load_config(args.config, args.cfg_options)
        seeds = range(args.seed, args.seed + args.runs)
        command = command_line()
        trials = []
        with tempfile.TemporaryDirectory() as folder:
            for trial in track(
                time_trials(config, seeds, args.metric, folder, command),
                'training',
                args.runs,
            ):
                trials.append(trial)
                if args.out:
                    write_trials(trials, args.out)
        text, reached = describe(trials, args.target)
        print(text)
    if not reached:
        raise SystemExit(1)


if __name__ == '__main__':
    main()
