r"""Try trained models in the browser, on own pictures.

The page is for this machine alone unless --host says otherwise, and reads
only what is uploaded and the folders named here. Configs are programs: name
folders that you trust. Checkpoints are read without running code from them.

Example:
    python projects/demo/webapp.py --models work_dirs/quickstart \
        --examples work_dirs/quickstart/data/VOC2012/JPEGImages
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from mmvision_ext.engine.launch import exit_on_input_error
from mmvision_ext.utils import InputError
from mmvision_ext.utils.arguments import add_trust_checkpoint, tool_parser

if TYPE_CHECKING:
    from gradio import Blocks

    from mmvision_ext.webapp.catalog import Catalog


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__, device=True)
    parser.add_argument(
        '--models',
        nargs='+',
        default=[],
        metavar='FOLDER',
        help='folders with work directories of trainings, at any depth',
    )
    parser.add_argument(
        '--model',
        action='append',
        default=[],
        metavar='NAME=CONFIG:CHECKPOINT',
        help='one model; may be given several times',
    )
    parser.add_argument(
        '--index',
        nargs='+',
        default=[],
        metavar='FOLDER',
        help='indexes of tools/retrieve.py build, for the search',
    )
    parser.add_argument('--examples', help='folder of example pictures')
    parser.add_argument(
        '--sentence-model',
        help='folder or name for sentence-transformers, for words that a '
        'detector of words does not know',
    )
    parser.add_argument('--architecture', help='of open_clip, for words')
    parser.add_argument('--weights', help='file, or tag of open_clip')
    parser.add_argument(
        '--host',
        default='127.0.0.1',
        help='address to listen at; 0.0.0.0 lets the whole network in',
    )
    parser.add_argument(
        '--port', type=int, help='default: the first free from 7860 on'
    )
    parser.add_argument(
        '--max-mb', type=int, default=20, help='largest upload in megabytes'
    )
    add_trust_checkpoint(parser)
    return parser.parse_args()


def read_catalog(args: argparse.Namespace) -> 'Catalog':
    """Find the models that the command line names."""
    from mmvision_ext.apis.comparison import parse_contestant
    from mmvision_ext.webapp.catalog import find_models, join, named_model

    if not (args.models or args.model or args.index):
        raise InputError(
            'expected --models, --model or --index, found none of them. bash '
            'tools/quickstart.sh trains a detector: --models '
            'work_dirs/quickstart'
        )
    named = [
        named_model(one.name, str(one.config), str(one.checkpoint))
        for one in map(parse_contestant, args.model)
    ]
    if not args.models:
        return join(named)
    found = find_models(args.models)
    return join([*named, *found.entries], found.left_out)


def main() -> None:
    """Serve the page until it is interrupted."""
    args = parse_args()
    with exit_on_input_error():
        try:
            from mmvision_ext.webapp.server import serving, wait
        except ModuleNotFoundError as error:
            raise InputError(
                f'expected the package {error.name}, found it not installed: '
                'bash tools/install.sh --extras demo'
            ) from error
        from mmvision_ext.cli.prediction import build_encoder
        from mmvision_ext.webapp.models import ModelStore
        from mmvision_ext.webapp.page import build_page
        from mmvision_ext.webapp.search import read_indexes
        from mmvision_ext.webapp.uploads import example_images

        if args.max_mb < 1:
            raise InputError(
                f'--max-mb: expected at least 1, found {args.max_mb}.'
            )
        catalog = read_catalog(args)
        encoder = build_encoder(
            args.sentence_model, args.architecture, args.weights
        )
        store = ModelStore(catalog, args.device, encoder)
        examples = example_images(args.examples)
        indexes = read_indexes(args.index)

        def build(downloads: Path) -> 'Blocks':
            return build_page(store, examples, indexes, downloads)

        size = args.max_mb * 2**20
        with serving(build, args.host, args.port, size) as page:
            for text in catalog.left_out:
                print(f'left out: {text}')
            print(f'{len(catalog.entries)} model(s); the page: {page.url}')
            wait()


if __name__ == '__main__':
    main()
