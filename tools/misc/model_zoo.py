r"""Make metafiles, model index, model cards and the table of all models.

Facts are in configs/model_zoo.yml, parameters and multiply-adds in
configs/model_costs.csv, results in projects/*/results.

Examples:
    python tools/misc/model_zoo.py
    python tools/misc/model_zoo.py --check
    python tools/misc/model_zoo.py --count configs/mask_rcnn/*.py
"""

import argparse
from dataclasses import replace
from pathlib import Path

from mmvision_ext.engine.launch import exit_on_input_error
from mmvision_ext.model_zoo.build import check_zoo, write_zoo
from mmvision_ext.model_zoo.costs import read_costs, write_costs
from mmvision_ext.utils.arguments import tool_parser

ROOT = Path(__file__).resolve().parents[2]


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__)
    parser.add_argument(
        '--check',
        action='store_true',
        help='write nothing; end with status 2 where a file is out of date',
    )
    parser.add_argument(
        '--count',
        nargs='+',
        metavar='CONFIG',
        default=[],
        help='first count what these models take and write the table; '
        'minutes for large detectors',
    )
    return parser.parse_args()


def count(configs: list[str]) -> None:
    """Count the models of configs and write the table after each."""
    from mmvision_ext.apis.progress import track
    from mmvision_ext.model_zoo.counting import count_model

    costs = read_costs(ROOT)
    for config in track(configs, 'counting', len(configs)):
        cost = count_model(config)
        known = costs.get(cost.name, cost)  # what is frozen is not counted
        costs[cost.name] = replace(cost, trainable=known.trainable)
        write_costs(ROOT, costs)


def main() -> None:
    """Make or check the files."""
    args = parse_args()
    with exit_on_input_error():
        if args.count:
            count(args.count)
        if args.check:
            check_zoo(ROOT)
            print('up to date')
            return
        changed = write_zoo(ROOT)
        print('\n'.join(changed) if changed else 'nothing to change')


if __name__ == '__main__':
    main()
