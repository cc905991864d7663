r"""Read every image of a config's datasets before a long run.

Files that are missing, empty, cut off or damaged, and sizes that differ from
the annotation, are errors: the exit status is 1. CMYK, 16 bits, EXIF
orientation, other extensions, duplicates, and what a decoder complains about
are warnings. Images are read as the config's pipelines read them.

Example:
    python tools/misc/verify_dataset.py \
        configs/mask_rcnn/mask-rcnn_r50_fpn_1xb8-24e_voc.py \
        --split train val --workers 4 --out work_dirs/verify_voc
"""

import argparse

from mmvision_ext.engine.launch import exit_on_input_error
from mmvision_ext.utils.arguments import tool_parser

SPLITS = ('train', 'val', 'test')


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__, cfg_options=True)
    parser.add_argument('config', help='config file')
    parser.add_argument(
        '--split',
        nargs='+',
        choices=SPLITS,
        default=SPLITS,
        help='which data loaders; all of them by default',
    )
    parser.add_argument(
        '--workers',
        type=int,
        help='processes that read; as many as there are CPUs by default',
    )
    parser.add_argument('--out', help='folder for images.csv, summary.json')
    return parser.parse_args()


def main() -> None:
    """Scan and report."""
    args = parse_args()
    with exit_on_input_error():
        from mmvision_ext.apis.dataset_scan import scan_config
        from mmvision_ext.apis.dataset_scan_report import print_scan, save_scan
        from mmvision_ext.apis.model import load_config
        from mmvision_ext.utils.output_folder import check_folder

        if args.out:
            check_folder(args.out)
        config = load_config(args.config, args.cfg_options)
        scan = scan_config(config, args.split, args.workers)
        print_scan(scan)
        if args.out:
            for path in save_scan(scan, args.out):
                print(path)
    raise SystemExit(int(scan.fails))


if __name__ == '__main__':
    main()
