r"""Quantise a model to int8 and measure it before and after.

Exports to ONNX, finds the ranges of activations on images of the training
set, and writes model_fp32.onnx, model_int8.onnx and quantization.csv: size,
latency, and on the test set the accuracy of a classifier or the AP50 of a Mask
or Faster R-CNN.

Example:
    python tools/deployment/quantize.py \
        configs/caltech101/mobilenet-v2_conv-gap_two-phase_\
1xb32-50e_caltech101.py \
        work_dirs/mobilenet-v2/epoch_50.pth --out work_dirs/mobilenet-v2_int8
"""

import argparse
from pathlib import Path

from mmvision_ext.engine.launch import exit_on_input_error
from mmvision_ext.utils.arguments import tool_parser
from mmvision_ext.utils.provenance import command_line


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(
        __doc__, model=True, out='folder for the results', cfg_options=True
    )
    parser.add_argument(
        '--calibration-batches',
        type=int,
        default=16,
        help='batches of training images to find ranges with (default: 16)',
    )
    parser.add_argument(
        '--batch-size',
        type=int,
        default=16,
        help='images a batch (default: 16)',
    )
    parser.add_argument(
        '--method',
        choices=['minmax', 'percentile', 'entropy'],
        default='minmax',
        help='range of an activation: all of it (default), 99.999 per cent '
        'of it, or that of least entropy loss',
    )
    parser.add_argument(
        '--reduce-range',
        action='store_true',
        help='7-bit weights, for x86 processors without VNNI instructions',
    )
    parser.add_argument(
        '--threads', type=int, default=1, help='of the latency (default: 1)'
    )
    parser.add_argument(
        '--rounds', type=int, default=100, help='images to time (default: 100)'
    )
    return parser.parse_args()


def main() -> None:
    """Quantise, measure, print and write."""
    args = parse_args()
    with exit_on_input_error():
        from mmvision_ext.apis.model import load_config
        from mmvision_ext.deployment.compare_quantized import compare_quantized
        from mmvision_ext.deployment.quantize import Calibration
        from mmvision_ext.deployment.report import print_report, write_csv
        from mmvision_ext.utils.output_folder import check_folder

        check_folder(args.out)
        config = load_config(args.config, args.cfg_options)
        stages, protocol = compare_quantized(
            config,
            args.checkpoint,
            args.out,
            Calibration(
                args.calibration_batches,
                args.batch_size,
                args.method,
                args.reduce_range,
            ),
            args.threads,
            args.rounds,
            command_line(),
        )
        print_report('Quantisation', stages, protocol)
        print(write_csv(stages, protocol, Path(args.out, 'quantization.csv')))


if __name__ == '__main__':
    main()
