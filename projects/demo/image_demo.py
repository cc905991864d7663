r"""Detect objects in images and draw them.

Example:
    python projects/demo/image_demo.py photo.jpg \
        configs/mask_rcnn/mask-rcnn_r50_fpn_1xb8-24e_voc.py \
        work_dirs/mask-rcnn_r50_fpn_1xb8-24e_voc/epoch_24.pth \
        --out work_dirs/demo
"""

import argparse

from mmvision_ext.engine.launch import exit_on_input_error
from mmvision_ext.utils.arguments import add_trust_checkpoint


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('image', help='image file, folder or pattern')
    parser.add_argument('config', help='config file')
    parser.add_argument('checkpoint', help='checkpoint file or address')
    add_trust_checkpoint(parser)
    parser.add_argument(
        '--out',
        required=True,
        help='folder for the pictures and predictions.json',
    )
    parser.add_argument(
        '--score-thr',
        type=float,
        default=0.3,
        help='lowest score of a detection',
    )
    parser.add_argument(
        '--batch-size',
        type=int,
        default=1,
        help='images that run through the model at once',
    )
    parser.add_argument('--device', help='such as cuda:0 or cpu')
    return parser.parse_args()


def main() -> None:
    """Detect and draw."""
    args = parse_args()
    with exit_on_input_error():
        from mmvision_ext.apis import DetectionInferencer

        detect = DetectionInferencer(
            args.config, args.checkpoint, args.device, args.score_thr
        )
        results = detect(args.image, args.batch_size)
        files = results.save(args.out)
    for result in results:
        print(result.summary)
    print(f'{len(files) - 1} picture(s) and {files[-1]}')


if __name__ == '__main__':
    main()
