r"""Show where a classifier looks: Grad-CAM beside each image.

Works on convolutional networks and on transformers. Without --layer the last
layer with positions is taken; the page says which.

Example:
    python tools/analysis_tools/grad_cam.py \
        configs/caltech101/efficientnet-lite0_conv-gap_finetune_1xb32-50e_caltech101.py \
        work_dirs/efficientnet-lite0_conv-gap_finetune_1xb32-50e_caltech101/epoch_50.pth \
        data/caltech-101/101_ObjectCategories/dalmatian --out work_dirs/grad_cam
"""  # noqa: E501

import argparse
import sys

from mmvision_ext.engine.launch import exit_on_input_error
from mmvision_ext.utils.arguments import tool_parser


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(
        __doc__, model=True, out='folder for the pages', device=True
    )
    parser.add_argument(
        'images',
        nargs='+',
        help='files, folders, patterns with *, or, where the dataset of the '
        "config has no files, its names, such as 'apple.webp#12'",
    )
    parser.add_argument(
        '--target',
        help='name or index of the class to explain; without it, the '
        'predicted class of each image',
    )
    parser.add_argument(
        '--layer', help='dotted name of the layer, such as backbone.layer3'
    )
    return parser.parse_args()


def main() -> None:
    """Write a page per image."""
    args = parse_args()
    with exit_on_input_error():
        from mmvision_ext.apis import load_classifier
        from mmvision_ext.apis.dataset_images import list_images
        from mmvision_ext.apis.grad_cam import GradCam
        from mmvision_ext.apis.grad_cam_pages import explain_images
        from mmvision_ext.utils.output_folder import check_folder

        check_folder(args.out)
        model = load_classifier(args.config, args.checkpoint, args.device)
        sources = list_images(args.images, model.cfg)
        cam = GradCam(model, args.layer)
        lines, skipped = explain_images(cam, sources, args.out, args.target)
        print('\n'.join(lines))
        for message in skipped:
            print(f'skipped: {message}', file=sys.stderr)


if __name__ == '__main__':
    main()
