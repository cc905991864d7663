r"""Time a model in PyTorch, compiled, and in ONNX Runtime, in one run.

One image, the models called in turn: PyTorch eager, torch.compile, ONNX
Runtime in float32 and in int8. Prints the median, how many times as fast as
PyTorch eager that is, and the largest difference of the output. A way that is
not possible says why.

Example:
    python tools/deployment/latency.py \
        configs/mask_rcnn/mask-rcnn_mobilenet-v2_fpn_1xb8-24e_voc.py \
        work_dirs/mask-rcnn/epoch_24.pth --csv work_dirs/latency.csv
"""

import argparse

from mmvision_ext.engine.launch import exit_on_input_error
from mmvision_ext.utils.arguments import tool_parser
from mmvision_ext.utils.provenance import command_line


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__, model=True, cfg_options=True)
    parser.add_argument('--csv', help='file for the table')
    parser.add_argument(
        '--input-size',
        type=int,
        nargs=2,
        metavar=('HEIGHT', 'WIDTH'),
        help='take random pixels of this size; without it an image of the '
        'test set',
    )
    parser.add_argument(
        '--threads', type=int, default=1, help='of every way (default: 1)'
    )
    parser.add_argument(
        '--rounds', type=int, default=50, help='calls to time (default: 50)'
    )
    return parser.parse_args()


def main() -> None:
    """Time, print and write."""
    args = parse_args()
    with exit_on_input_error():
        from mmvision_ext.apis.model import load_config
        from mmvision_ext.deployment.latency import (
            compare_latency,
            print_latency,
        )
        from mmvision_ext.deployment.report import write_csv

        rows, protocol = compare_latency(
            load_config(args.config, args.cfg_options),
            args.checkpoint,
            args.threads,
            args.rounds,
            tuple(args.input_size) if args.input_size else None,
            command_line(),
        )
        print_latency(rows, protocol)
        if args.csv:
            print(write_csv(rows, protocol, args.csv))


if __name__ == '__main__':
    main()
