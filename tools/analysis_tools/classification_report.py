r"""Show what a classifier gets wrong: one inference, all tables and charts.

Writes the confusion matrix (PNG and CSV, classes that are mixed up side by
side), the pairs of classes that are mixed up, the accuracy of each class, all
predictions, and the most confident mistakes as images.

Example:
    python tools/analysis_tools/classification_report.py \
        configs/caltech101/efficientnet-lite0_conv-gap_finetune_1xb32-50e_caltech101.py \
        work_dirs/efficientnet-lite0_conv-gap_finetune_1xb32-50e_caltech101/epoch_50.pth \
        --out work_dirs/report
"""  # noqa: E501

import argparse

from mmvision_ext.engine.launch import exit_on_input_error
from mmvision_ext.utils.arguments import tool_parser


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(
        __doc__, model=True, out='folder for the results', device=True
    )
    parser.add_argument(
        '--split',
        choices=['val', 'test'],
        default='test',
        help='data loader of the config',
    )
    parser.add_argument(
        '--num-mistakes',
        type=int,
        default=20,
        help='number of mistakes shown as images',
    )
    parser.add_argument(
        '--num-pairs',
        type=int,
        default=15,
        help='number of pairs of classes printed; the CSV has all',
    )
    return parser.parse_args()


def main() -> None:
    """Classify the dataset, write the results, print the summary."""
    args = parse_args()
    with exit_on_input_error():
        from mmvision_ext.apis import classify_dataset, load_classifier
        from mmvision_ext.apis.classification_confusion import summarise
        from mmvision_ext.apis.classification_report import (
            pairs_table,
            write_report,
        )
        from mmvision_ext.utils.output_folder import check_folder

        check_folder(args.out)
        model = load_classifier(args.config, args.checkpoint, args.device)
        results = classify_dataset(model, args.config, args.split)
        paths = write_report(results, args.out, args.num_mistakes)
        print(pairs_table(results, args.num_pairs))
        print(summarise(results))
        for path in paths:
            print(path)


if __name__ == '__main__':
    main()
