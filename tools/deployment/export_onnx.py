r"""Export a classifier to ONNX and compare the file with PyTorch.

The graph takes pixels from 0 to 255, float32, (batch, channels, height,
width), in the channel order that the file's metadata names, and gives the
probability of every class, and the logits. See docs/deployment.md. Ends with
status 2 where the file differs from PyTorch by more than the tolerance.

Example:
    python tools/deployment/export_onnx.py \
        configs/caltech101/mobilenet-v2_conv-gap_two-phase_\
1xb32-50e_caltech101.py \
        work_dirs/mobilenet-v2/epoch_50.pth --out work_dirs/mobilenet-v2.onnx
"""

import argparse

from mmvision_ext.engine.launch import exit_on_input_error
from mmvision_ext.utils.arguments import tool_parser


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(
        __doc__, model=True, out='ONNX file to write', cfg_options=True
    )
    parser.add_argument(
        '--input-size',
        type=int,
        nargs=2,
        metavar=('HEIGHT', 'WIDTH'),
        help='compare on random images of this size; without it on those of '
        'the test set, whose size is taken',
    )
    parser.add_argument(
        '--batch-sizes',
        type=int,
        nargs='+',
        default=[1, 2, 7],
        help='batch sizes to compare (default: 1 2 7)',
    )
    parser.add_argument(
        '--batch-size',
        type=int,
        help='write a file for this batch size alone, where the code of a '
        'model (such as Swin) does not allow for any',
    )
    parser.add_argument(
        '--tolerance',
        type=float,
        default=1e-4,
        help='largest difference of a probability, and of a logit over the '
        'largest logit (default: 1e-4)',
    )
    return parser.parse_args()


def main() -> None:
    """Export, compare, and print both."""
    args = parse_args()
    with exit_on_input_error():
        from mmvision_ext.apis.model import load_config
        from mmvision_ext.deployment.export import (
            export_and_check,
            require_close,
        )

        config = load_config(args.config, args.cfg_options)
        rows = export_and_check(
            config,
            args.checkpoint,
            args.out,
            args.batch_sizes,
            args.input_size,
            args.batch_size,
        )
        for row in rows:
            print(
                f'batch {row.batch_size}: largest difference of a '
                f'probability {row.max_error:.1e}, of a logit '
                f'{row.max_logit_error:.1e} (of the largest), same class for '
                f'{row.same_class} of {row.batch_size} images'
            )
        require_close(rows, args.tolerance)
        print(args.out)


if __name__ == '__main__':
    main()
