"""Convert an annotation file of COCO Attributes to a plain, fast .npz file.

The published files are pickles, which can hold any program. This tool reads
them without running anything and refuses a file that asks for it. The result
holds only numbers and names: attributes, annotation ids, splits and scores.

Example:
    python tools/dataset_converters/coco_attributes.py \\
        data/coco_attributes/cocottributes_eccv_version.jbl \\
        --out data/coco_attributes/coco_attributes.npz
"""

import argparse
from pathlib import Path

from mmvision_ext.datasets.coco_attribute_files import (
    account,
    read_object_attributes,
    write_object_attributes,
)
from mmvision_ext.engine.launch import exit_on_input_error
from mmvision_ext.utils import InputError
from mmvision_ext.utils.arguments import tool_parser


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__, out='file to write, *.npz')
    parser.add_argument('source', help='joblib, pickle or JSON file')
    parser.add_argument(
        '--overwrite', action='store_true', help='replace an existing file'
    )
    return parser.parse_args()


def main() -> None:
    """Say what is going to be done, and do it."""
    args = parse_args()
    out = Path(args.out)
    if out.exists() and not args.overwrite:
        raise InputError(
            f"--out: expected a new file, found '{out}'; name another one, or "
            'give --overwrite'
        )
    print(
        f'Reading {args.source} without running anything in it (the complete '
        f'data set takes some seconds), then writing {out}: attributes, '
        'ann_ids, training and scores. The source stays as it is.',
        flush=True,
    )
    table = read_object_attributes(args.source)
    write_object_attributes(table, out)
    print(f'{out}: {account(table)}')


if __name__ == '__main__':
    with exit_on_input_error():
        main()
