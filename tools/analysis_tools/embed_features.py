r"""Show the features of a dataset's images in the plane: t-SNE or PCA.

Writes a scatter chart coloured by class and a CSV of the coordinates. With
more than 20 classes their names stand in the chart; --classes shows chosen
ones in colour and the others in grey.

Example:
    python tools/analysis_tools/embed_features.py \
        configs/caltech101/efficientnet-lite0_conv-gap_finetune_1xb32-50e_caltech101.py \
        work_dirs/efficientnet-lite0_conv-gap_finetune_1xb32-50e_caltech101/epoch_50.pth \
        --method tsne --classes crocodile crocodile_head --out work_dirs/features
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
        '--method',
        choices=['tsne', 'pca'],
        nargs='+',
        default=['tsne'],
        help='one or both',
    )
    parser.add_argument(
        '--split',
        choices=['val', 'test'],
        default='test',
        help='data loader of the config',
    )
    parser.add_argument(
        '--layer',
        default='backbone',
        help='dotted name of the layer whose output is averaged over its '
        'positions; backbone takes its last stage',
    )
    parser.add_argument(
        '--classes',
        nargs='+',
        default=[],
        help='names or indices of at most 20 classes to show in colour',
    )
    parser.add_argument(
        '--perplexity',
        type=float,
        help='of t-SNE; without it 30, or a third of the images if less',
    )
    parser.add_argument('--seed', type=int, default=0, help='of t-SNE')
    return parser.parse_args()


def main() -> None:
    """Compute features once, write a chart and a table per method."""
    args = parse_args()
    with exit_on_input_error():
        from mmvision_ext.apis import classify_dataset, load_classifier
        from mmvision_ext.apis.classification_embedding import (
            class_indices,
            embed,
            write_embedding,
        )
        from mmvision_ext.utils.output_folder import check_folder

        check_folder(args.out)
        model = load_classifier(args.config, args.checkpoint, args.device)
        class_indices(args.classes, model.dataset_meta['classes'])
        results = classify_dataset(model, args.config, args.split, args.layer)
        for method in dict.fromkeys(args.method):
            embedding = embed(
                results.features, method, args.perplexity, args.seed
            )
            for path in write_embedding(
                embedding, results, args.out, method, args.layer, args.classes
            ):
                print(path)


if __name__ == '__main__':
    main()
