r"""Search a folder of images by attributes, by an image, or by words.

build makes an index of a folder, or brings it up to date: only images that
are new or have changed are read. Folders in the folder are counted and left
out, unless --recursive is given. It needs a model: a classifier of classes or
attributes (--model), or CLIP (--clip).

query searches an index, prints a table and, with --out, writes hits.csv,
hits.json, hits.html and hits.png:
  --attributes  names with and, or, not and parentheses; needs --model in
                build
  --image       images like this one
  --text        words, for CLIP; names of attributes with commas between, for
                an index built with --joint
--image, for an image that is not in the index, and --text need the model
again.

Example:
    CONFIG=configs/coconut/cross-modal_efficientnet-lite0_1xb16-30e_coco-cut.py
    CHECKPOINT=work_dirs/cross-modal_efficientnet-lite0_1xb16-30e_coco-cut/epoch_30.pth
    python tools/retrieve.py build data/coco/val2017 --index work_dirs/index \
        --model $CONFIG $CHECKPOINT
    python tools/retrieve.py query work_dirs/index \
        --attributes 'metal and not indoor' --out work_dirs/hits
"""  # noqa: E501

import argparse
import sys
from typing import TYPE_CHECKING

from mmvision_ext.engine.launch import exit_on_input_error
from mmvision_ext.utils import InputError
from mmvision_ext.utils.arguments import add_trust_checkpoint, tool_parser

if TYPE_CHECKING:
    from mmvision_ext.apis.retrieval.encoder import Encoder


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__)
    commands = parser.add_subparsers(dest='command', required=True)
    build = commands.add_parser('build', help='make or update an index')
    build.add_argument('images', help='folder of images')
    build.add_argument('--index', required=True, help='folder of the index')
    _add_model(build, required=True)
    build.add_argument(
        '--batch-size', type=int, default=32, help='images at once'
    )
    build.add_argument(
        '--workers', type=int, default=2, help='processes that read images'
    )
    build.add_argument(
        '--recursive',
        action='store_true',
        help='take images of the folders in the folder as well',
    )
    query = commands.add_parser('query', help='search an index')
    query.add_argument('index', help='folder of the index')
    what = query.add_mutually_exclusive_group(required=True)
    what.add_argument('--attributes', help="such as 'metal and not indoor'")
    what.add_argument('--image', help='image file')
    what.add_argument(
        '--text', help="such as 'a dog on a sofa', or 'metal, not indoor'"
    )
    _add_model(query, required=False)
    query.add_argument(
        '--top', type=int, default=20, help='number of images to find'
    )
    query.add_argument('--out', help='folder for the table and the pages')
    return parser.parse_args()


def _add_model(parser: argparse.ArgumentParser, required: bool) -> None:
    """Add the arguments that name the model."""
    model = parser.add_mutually_exclusive_group(required=required)
    model.add_argument(
        '--model',
        nargs=2,
        metavar=('CONFIG', 'CHECKPOINT'),
        help='a classifier of classes or attributes',
    )
    model.add_argument(
        '--clip',
        nargs=2,
        metavar=('ARCHITECTURE', 'CHECKPOINT'),
        help='a CLIP of open_clip, such as RN50, and its local weights',
    )
    parser.add_argument(
        '--joint',
        action='store_true',
        help='with --model: vectors that a cross-modal classifier shares '
        'between images and attributes',
    )
    parser.add_argument('--device', help='such as cuda:0 or cpu')
    add_trust_checkpoint(parser)


def check_options(args: argparse.Namespace) -> None:
    """Refuse options that nothing would use."""
    if args.joint and not args.model:
        raise InputError(
            '--joint: expected --model, found '
            f'{"--clip" if args.clip else "none"}. Leave --joint out.'
        )
    if args.command == 'query' and args.attributes is not None:
        for name in ('model', 'clip', 'device'):
            if getattr(args, name) is not None:
                raise InputError(
                    f'--{name}: expected --image or --text, found '
                    '--attributes, which asks the index alone. Leave '
                    f'--{name} out.'
                )
    if args.device and not (args.model or args.clip):
        raise InputError(
            '--device: expected --model or --clip, which it is for, found '
            'neither. Leave --device out.'
        )


def encoder_of(args: argparse.Namespace) -> 'Encoder':
    """Load the model that the command line names."""
    from mmvision_ext.apis.retrieval import load_encoder

    vectors = 'clip' if args.clip else 'joint' if args.joint else 'features'
    return load_encoder(vectors, *(args.clip or args.model), args.device)


def build(args: argparse.Namespace) -> None:
    """Make or update an index."""
    from mmvision_ext.apis.image_folder import left_out_text
    from mmvision_ext.apis.retrieval import update_index

    index, changes = update_index(
        encoder_of(args),
        args.images,
        args.index,
        args.batch_size,
        args.workers,
        recursive=args.recursive,
    )
    print(
        f'{args.index}: {len(index)} images; {changes.added} added, '
        f'{changes.changed} changed, {changes.removed} removed, '
        f'{changes.unchanged} unchanged, {len(index.unreadable)} unreadable'
    )
    if changes.left_out:
        print(left_out_text(changes.left_out))
    for reason in index.unreadable.values():
        print(f'unreadable: {reason}', file=sys.stderr)


def query(args: argparse.Namespace) -> None:
    """Search an index and show what was found."""
    from mmvision_ext.apis.retrieval import (
        load_index,
        search_attributes,
        search_image,
        search_text,
        text_table,
        write_result,
    )
    from mmvision_ext.utils.output_folder import check_folder

    if args.out:
        check_folder(args.out)
    index = load_index(args.index)
    load = (lambda: encoder_of(args)) if args.model or args.clip else None
    if args.attributes is not None:
        result = search_attributes(index, args.attributes, args.top)
    elif args.image is not None:
        result = search_image(index, args.image, load, args.top)
    else:
        result = search_text(index, args.text, load, args.top)
    print(text_table(result))
    if args.out:
        for path in write_result(result, args.out):
            print(path)


def main() -> None:
    """Run the command that was named."""
    args = parse_args()
    with exit_on_input_error():
        check_options(args)
        (build if args.command == 'build' else query)(args)


if __name__ == '__main__':
    main()
