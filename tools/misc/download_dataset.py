"""Download datasets to where the configs look for them.

Goes on where it was interrupted, compares checksums, unpacks. Without a
network it says which file to bring, and to where.

Example:
    python tools/misc/download_dataset.py --list
    python tools/misc/download_dataset.py voc2012 cifar100
"""

import argparse
import os
from pathlib import Path

from mmvision_ext.datasets.downloads import fetch_set, read_catalogue
from mmvision_ext.engine.launch import exit_on_input_error
from mmvision_ext.utils import InputError
from mmvision_ext.utils.arguments import tool_parser
from mmvision_ext.utils.nearest import nearest


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__)
    parser.add_argument('datasets', nargs='*', help='names out of --list')
    parser.add_argument(
        '--list', action='store_true', help='show the datasets, and end'
    )
    parser.add_argument(
        '--data-root',
        type=Path,
        default=Path(os.environ.get('MMVISION_DATA_ROOT', 'data')),
        help='folder of all data, default: $MMVISION_DATA_ROOT, else data',
    )
    parser.add_argument(
        '--keep-archives',
        action='store_true',
        help='keep what was fetched in DATA_ROOT/downloads',
    )
    return parser.parse_args()


def main() -> None:
    """Show the datasets, or fetch some."""
    args = parse_args()
    sets = read_catalogue()
    if args.list:
        for name, dataset in sets.items():
            how = '' if dataset.files else ' (by hand)'
            print(f'{name:16} {dataset.title}{how}')
        return
    with exit_on_input_error():
        if not args.datasets:
            raise InputError(f'datasets: expected one of {", ".join(sets)}')
        for name in args.datasets:
            if name not in sets:
                raise InputError(
                    f"datasets: there is no '{name}'{nearest(name, sets)}"
                )
        for name in args.datasets:
            print(fetch_set(sets[name], args.data_root, args.keep_archives))


if __name__ == '__main__':
    main()
