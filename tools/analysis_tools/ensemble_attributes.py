r"""Average several attribute models, and measure each of them and the average.

Writes ensemble.md and ensemble.csv: the measures of AttributeMetric, with
chance and the predictor that denies everything beside them. The average is of
probabilities. Each model is a NAME=CONFIG:CHECKPOINT; without a name it is
called after its config. All have to be tested on the same samples with the
same attributes.

Example:
    python tools/analysis_tools/ensemble_attributes.py \
        first=configs/coco_attributes/mobilenet-v2_1xb16-30e_apascal.py:a.pth \
        second=configs/coco_attributes/mobilenet-v2_1xb16-30e_apascal.py:b.pth \
        --out work_dirs/ensemble
"""  # noqa: E501

import argparse

from mmvision_ext.engine.launch import exit_on_input_error
from mmvision_ext.utils.arguments import add_trust_checkpoint, tool_parser


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__, out='folder for the results', device=True)
    add_trust_checkpoint(parser)
    parser.add_argument(
        'models',
        nargs='+',
        metavar='[NAME=]CONFIG:CHECKPOINT',
        help='the members',
    )
    parser.add_argument(
        '--weights',
        nargs='+',
        type=float,
        help='weight of each member; without them all weigh alike',
    )
    parser.add_argument(
        '--split',
        choices=['val', 'test'],
        default='test',
        help='data loader of the configs (default: test); choose weights on '
        'val',
    )
    parser.add_argument(
        '--topk',
        type=int,
        default=15,
        help='number of highest scores for recall and F1 (default: 15)',
    )
    return parser.parse_args()


def main() -> None:
    """Measure, write the tables and print one."""
    args = parse_args()
    with exit_on_input_error():
        from mmvision_ext.apis.attribute_ensemble import evaluate_ensemble
        from mmvision_ext.apis.attribute_ensemble_tables import (
            ensemble_table,
            write_ensemble,
        )
        from mmvision_ext.apis.comparison import parse_contestant
        from mmvision_ext.utils.output_folder import check_folder

        check_folder(args.out)
        ensemble = evaluate_ensemble(
            [parse_contestant(text) for text in args.models],
            args.weights,
            args.split,
            args.topk,
            args.device,
        )
        paths = write_ensemble(ensemble, args.out)
        print(ensemble_table(ensemble))
        for path in paths:
            print(path)


if __name__ == '__main__':
    main()
