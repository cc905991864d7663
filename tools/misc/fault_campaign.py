"""Inject faults and count what survives: kills, damaged and malicious files.

Small trainings on the CPU; minutes. The exit code is 1 if anything was lost or
code from a file ran.

Example:
    python tools/misc/fault_campaign.py --fast --out work_dirs/faults
"""

import argparse
import tempfile
from pathlib import Path

import torch

from mmvision_ext.engine.launch import exit_on_input_error
from mmvision_ext.testing.campaign import GROUPS
from mmvision_ext.testing.campaign.report import report, run_groups
from mmvision_ext.utils.arguments import tool_parser


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__)
    parser.add_argument(
        '--fast', action='store_true', help='the quick part of every group'
    )
    parser.add_argument(
        '--only',
        nargs='+',
        default=[],
        metavar='WORD',
        help='groups with one of these words in their name',
    )
    parser.add_argument(
        '--out', help='folder for outcomes.csv and summary.csv'
    )
    parser.add_argument(
        '--list',
        action='store_true',
        help='print groups and promises',
    )
    return parser.parse_args()


def main() -> None:
    """Run the groups, print the table."""
    args = parse_args()
    groups = [
        group
        for group in GROUPS
        if not args.only or any(word in group.name for word in args.only)
    ]
    if args.list:
        for group in groups:
            print(f'{group.name}: {group.promise}')
        return
    torch.set_num_threads(1)  # copies of this process have no other threads
    with tempfile.TemporaryDirectory() as folder:
        results = run_groups(groups, Path(folder), args.fast)
    raise SystemExit(report(results, args.out))


if __name__ == '__main__':
    with exit_on_input_error():
        main()
