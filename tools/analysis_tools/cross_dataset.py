r"""Test a model on another COCO-format dataset, and on images of your own.

The dataset: classes are matched by a class map, average precision is that of
the matched ones. The images: pictures with detections and predictions.json.

Example:
    python tools/analysis_tools/cross_dataset.py \
        configs/mask_rcnn/mask-rcnn_r50_fpn_1xb8-24e_voc.py \
        work_dirs/mask-rcnn_r50_fpn_1xb8-24e_voc/epoch_24.pth \
        --ann data/coco/annotations/instances_val2017.json \
        --img-dir data/coco/val2017 --class-map auto \
        --images photos/ --out work_dirs/cross_dataset
"""

import argparse

from mmvision_ext.engine.launch import exit_on_input_error
from mmvision_ext.utils.arguments import tool_parser


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(
        __doc__, model=True, out='folder for the results', device=True
    )
    parser.add_argument('--ann', help='COCO-format annotations')
    parser.add_argument('--img-dir', help='folder of their images')
    parser.add_argument(
        '--class-map',
        default='auto',
        help='JSON file {"class": "category", ...}; auto matches equal names '
        'and VOC with COCO names',
    )
    parser.add_argument(
        '--images', nargs='+', help='image files, folders or patterns'
    )
    parser.add_argument(
        '--score-thr',
        type=float,
        default=0.3,
        help='lowest score of detections that are counted and drawn',
    )
    parser.add_argument('--limit', type=int, help='first images of --ann only')
    args = parser.parse_args()
    if bool(args.ann) != bool(args.img_dir):
        parser.error('--ann and --img-dir belong together')
    if not args.ann and not args.images:
        parser.error('give --ann with --img-dir, or --images, or both')
    return args


def main() -> None:
    """Evaluate and predict."""
    args = parse_args()
    with exit_on_input_error():
        from mmvision_ext.apis.cross_dataset import evaluate_on_coco
        from mmvision_ext.apis.inferencer import DetectionInferencer
        from mmvision_ext.apis.result_list import refuse_source_folder
        from mmvision_ext.apis.sources import list_sources
        from mmvision_ext.utils.output_folder import check_folder

        check_folder(args.out)
        if args.images:  # before the long work
            refuse_source_folder(args.out, list_sources(args.images))
        if args.ann:
            report = evaluate_on_coco(
                args.config,
                args.checkpoint,
                args.ann,
                args.img_dir,
                args.class_map,
                args.device,
                args.score_thr,
                args.limit,
            )
            print(report.to_markdown())
            for path in report.save(args.out):
                print(path)
        if args.images:
            detect = DetectionInferencer(
                args.config, args.checkpoint, args.device, args.score_thr
            )
            files = detect(args.images).save(args.out)
            print(f'{len(files) - 1} picture(s) and {files[-1]}')


if __name__ == '__main__':
    main()
