"""Search hyper-parameters: Optuna proposes values, studies train them.

The file names a config, overrides, a metric of its validation and the values
of each setting (docs/studies.md). Trials that are finished are not trained
again; Ctrl-C stops, the same command goes on. Tables and a chart are written
to the folder of the search.

Example:
    python tools/search.py projects/example_project/search.yaml
"""

import argparse
from pathlib import Path

from mmvision_ext.cli.study import train_script
from mmvision_ext.engine.launch import exit_on_input_error
from mmvision_ext.utils.arguments import tool_parser


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__)
    parser.add_argument('search', help='search file')
    parser.add_argument(
        '--work-dir', help='folder of the trials; without it work_dirs/NAME'
    )
    return parser.parse_args()


def main() -> None:
    """Search, say what each trial gave, and write the tables."""
    args = parse_args()
    with exit_on_input_error():
        from mmvision_ext.studies.search import (
            read_search,
            run_search,
            write_trials,
        )

        search = read_search(args.search)
        folder = Path(args.work_dir or f'work_dirs/{search.name}')
        trials = []
        for trial in run_search(search, train_script(), folder):
            number, values, value = trial
            trials.append(trial)
            told = 'failed' if value is None else f'{search.metric} {value:g}'
            print(
                f'[{len(trials)}/{search.trials}] trial {number}: {values}: '
                f'{told}',
                flush=True,
            )
        for file in write_trials(search, trials, folder):
            print(file)


if __name__ == '__main__':
    main()
