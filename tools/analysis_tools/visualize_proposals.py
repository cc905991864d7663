r"""Show proposals beside detections, one page per image.

Two-stage detectors: the best boxes of the region proposal network. Sparse
R-CNN: the learned boxes and what each stage makes of them.

Example:
    python tools/analysis_tools/visualize_proposals.py \
        configs/mask_rcnn/mask-rcnn_r50_fpn_1xb8-24e_voc.py \
        work_dirs/mask-rcnn_r50_fpn_1xb8-24e_voc/epoch_24.pth \
        --limit 8 --topk 20 --out work_dirs/proposals
"""

import argparse

from mmvision_ext.engine.launch import exit_on_input_error
from mmvision_ext.utils.arguments import tool_parser


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(
        __doc__, model=True, out='folder for the pages', device=True
    )
    parser.add_argument(
        '--images',
        nargs='+',
        help='image files, folders or patterns; without them, --split',
    )
    parser.add_argument(
        '--split',
        choices=['train', 'val', 'test'],
        default='test',
        help='dataset of the config to take images and ground truth from',
    )
    parser.add_argument(
        '--limit', type=int, default=8, help='number of images of the split'
    )
    parser.add_argument(
        '--topk', type=int, default=20, help='number of proposals to show'
    )
    parser.add_argument(
        '--score-thr',
        type=float,
        default=0.3,
        help='lowest score of the detections to show',
    )
    return parser.parse_args()


def main() -> None:
    """Write the pages."""
    args = parse_args()
    with exit_on_input_error():
        from mmvision_ext.apis.model import load_detector
        from mmvision_ext.apis.predictions import build_dataset, iter_images
        from mmvision_ext.apis.progress import track
        from mmvision_ext.apis.proposals import write_proposal_pages
        from mmvision_ext.apis.sources import list_sources
        from mmvision_ext.utils.output_folder import check_folder

        check_folder(args.out)
        model = load_detector(args.config, args.checkpoint, args.device)
        if args.images:
            sources = list_sources(args.images)
            images = (
                (source, None)
                for source in track(sources, 'drawing', len(sources))
            )
        else:
            images = iter_images(
                build_dataset(model.cfg, args.split), args.limit
            )
        files = write_proposal_pages(
            model, images, args.out, args.topk, args.score_thr
        )
    print(f'{len(files)} page(s) in {args.out}')


if __name__ == '__main__':
    main()
