"""``mmvision browse``: samples of a dataset as they enter the network."""

import argparse

from mmvision_ext.utils.arguments import add_cfg_options

HELP = """Draw samples of a config's dataset as they enter the network.

Behind the pipeline and the augmentations of the preprocessor, with boxes,
masks, classes and attributes, twelve a page."""
EXAMPLE = r"""
    PROG configs/mask_rcnn/mask-rcnn_mobilenet-v2_fpn_1xb8-24e_voc.py \
        --out work_dirs/browse
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments.

    Args:
        parser: The command line.
    """
    parser.add_argument('config', help='config file')
    parser.add_argument('--out', required=True, help='folder for the pages')
    parser.add_argument(
        '--split',
        choices=['train', 'val', 'test'],
        default='train',
        help='data loader of the config, default: %(default)s',
    )
    parser.add_argument(
        '--limit',
        type=int,
        default=24,
        help='samples at most, default: %(default)s',
    )
    add_cfg_options(parser)


def run(args: argparse.Namespace) -> None:
    """Draw the samples and name the pages.

    Args:
        args: The command line.
    """
    from mmvision_ext.engine.launch import exit_on_input_error

    with exit_on_input_error():
        from mmvision_ext.apis.browse import iter_inputs, write_pages
        from mmvision_ext.apis.model import load_config
        from mmvision_ext.utils.output_folder import check_folder

        check_folder(args.out)
        config = load_config(args.config, args.cfg_options)
        pages = write_pages(
            iter_inputs(config, args.split),
            args.limit,
            args.out,
            f'{args.config.rpartition("/")[2]}: {args.split}',
        )
    for page in pages:
        print(page)
