r"""Export a model to ONNX, compared with PyTorch.

Classifiers and attribute models: the graph takes pixels from 0 to 255,
float32, (batch, channels, height, width), in the channel order that the
file's metadata names, and gives the probability of every class or attribute,
and the logits.

Mask and Faster R-CNN: the graph takes one image, (1, channels, height,
width), of any size, and gives boxes, scores, labels and masks.

See docs/deployment.md. Ends with status 2 where the file differs from PyTorch
by more than the tolerance; it is called NAME.unchecked.onnx then.

Example:
    python tools/deployment/export_onnx.py \
        configs/caltech101/mobilenet-v2_conv-gap_two-phase_\
1xb32-50e_caltech101.py \
        work_dirs/mobilenet-v2/epoch_50.pth --out work_dirs/mobilenet-v2.onnx
    python tools/deployment/export_onnx.py \
        configs/mask_rcnn/mask-rcnn_mobilenet-v2_fpn_1xb8-24e_voc.py \
        work_dirs/mask-rcnn/epoch_24.pth --out work_dirs/mask-rcnn.onnx
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from mmvision_ext.engine.launch import exit_on_input_error
from mmvision_ext.utils.arguments import tool_parser

if TYPE_CHECKING:
    from mmengine.config import Config


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
        help='of classifiers: compare on random images of this size; without '
        'it on those of the test set, whose size is taken. Of detectors: the '
        'only size that the file takes; without it any',
    )
    batches = parser.add_mutually_exclusive_group()
    batches.add_argument(
        '--batch-sizes',
        type=int,
        nargs='+',
        help='of classifiers: batch sizes to compare (default: 1 2 7)',
    )
    batches.add_argument(
        '--batch-size',
        type=int,
        help='of classifiers: write a file for this batch size alone, where '
        'the code of a model (such as Swin) does not allow for any',
    )
    parser.add_argument(
        '--images',
        help='of detectors: file, folder or pattern of the images to compare '
        'on; without it four of the test set, of differing shape',
    )
    parser.add_argument(
        '--tolerance',
        type=float,
        default=1e-4,
        help='largest difference of a probability, or of the score of a '
        'detection, and of a logit over the largest logit (default: 1e-4)',
    )
    parser.add_argument(
        '--box-tolerance',
        type=float,
        help='of detectors: largest difference of a coordinate in pixels '
        '(default: 0.05)',
    )
    return parser.parse_args()


def main() -> None:
    """Export, compare, and print both."""
    args = parse_args()
    with exit_on_input_error():
        from mmvision_ext.apis.model import load_config
        from mmvision_ext.apis.task import task_of
        from mmvision_ext.utils import InputError
        from mmvision_ext.utils.output_folder import check_folder

        path = Path(args.out)
        if path.suffix != '.onnx':
            raise InputError(
                f'--out: expected a file *.onnx, found {args.out}.'
            )
        check_folder(path.parent)
        unchecked = path.with_suffix('.unchecked.onnx')
        config = load_config(args.config, args.cfg_options)
        if 'detection' in task_of(config):
            refuse(args, 'detectors', 'batch_size', 'batch_sizes')
            export_detector(args, config, unchecked)
        else:
            refuse(args, 'classifiers', 'images', 'box_tolerance')
            export_classifier(args, config, unchecked)
        print(unchecked.replace(path))


def refuse(args: argparse.Namespace, kind: str, *names: str) -> None:
    """Refuse options of the other kind of model."""
    from mmvision_ext.utils import InputError

    for name in names:
        if (value := getattr(args, name)) is not None:
            option = f'--{name.replace("_", "-")}'
            raise InputError(
                f'{option}: expected none for {kind}, found {value}. Leave it '
                'out.'
            )


def export_classifier(
    args: argparse.Namespace, config: 'Config', path: Path
) -> None:
    """Export a classifier or attribute model."""
    from mmvision_ext.deployment.export import export_and_check, require_close

    rows = export_and_check(
        config,
        args.checkpoint,
        path,
        args.batch_sizes or [1, 2, 7],
        args.input_size,
        args.batch_size,
    )
    for row in rows:
        print(
            f'batch {row.batch_size}: largest difference of a probability '
            f'{row.max_error:.1e}, of a logit {row.max_logit_error:.1e} (of '
            f'the largest), same answer for {row.same} of {row.batch_size} '
            'images'
        )
    require_close(rows, args.tolerance)


def export_detector(
    args: argparse.Namespace, config: 'Config', path: Path
) -> None:
    """Export a detector."""
    from mmvision_ext.deployment.detector_check import Tolerance, require_same
    from mmvision_ext.deployment.detector_export import (
        export_and_check_detector,
    )

    size = tuple(args.input_size) if args.input_size else None
    rows = export_and_check_detector(
        config, args.checkpoint, path, size, args.images
    )
    for row in rows:
        print(
            f'{row.image} ({row.width} x {row.height}): {row.found} of '
            f'{row.expected} detections, largest difference of a coordinate '
            f'{row.max_pixels:.1e} pixels, of a score {row.max_score:.1e}, '
            f'smallest mask IoU {row.min_mask_iou:.4f}'
        )
    pixels = args.box_tolerance
    tolerance = Tolerance(score=args.tolerance)
    if pixels is not None:
        tolerance = Tolerance(pixels, args.tolerance)
    require_same(rows, tolerance)


if __name__ == '__main__':
    main()
