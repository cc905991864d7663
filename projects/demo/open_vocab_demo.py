r"""Detect what words say in images and draw it.

The words are known to the embedding file of the config, or are in another one
(--vocabulary), or the encoder that wrote the file encodes them on the spot
(--sentence-model, or --architecture and --weights).

Example:
    NAME=context-guided-rcnn_mobilenet-v2_fpn_minilm_1xb8-24e_nwpu-vhr10
    python projects/demo/open_vocab_demo.py \
        data/nwpu_vhr10/images configs/remoteclip/$NAME.py \
        work_dirs/$NAME/epoch_24.pth --words ship bridge \
        --maps --out work_dirs/words
"""

import argparse
from typing import TYPE_CHECKING

from mmvision_ext.engine.launch import exit_on_input_error
from mmvision_ext.utils import InputError
from mmvision_ext.utils.arguments import add_trust_checkpoint

if TYPE_CHECKING:
    from mmvision_ext.models.text import TextEncoder


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
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        '--words', nargs='+', help='default: the classes of the training'
    )
    what.add_argument('--vocabulary', help='embedding file, *.safetensors')
    parser.add_argument(
        '--sentence-model', help='folder or name for sentence-transformers'
    )
    parser.add_argument('--architecture', help='of open_clip')
    parser.add_argument('--weights', help='file, or tag of open_clip')
    parser.add_argument(
        '--templates',
        default='plain',
        help='sentences around new words, as in the embedding file',
    )
    parser.add_argument(
        '--maps',
        action='store_true',
        help='also write what the context sees, context_*.png',
    )
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


def build_encoder(args: argparse.Namespace) -> 'TextEncoder | None':
    """Build the encoder that the command line names; None for none."""
    from mmvision_ext.models.text import (
        OpenCLIPTextEncoder,
        SentenceTextEncoder,
    )

    if (args.architecture is None) != (args.weights is None):
        raise InputError(
            'expected --architecture and --weights together, found one of them'
        )
    if args.sentence_model is None:
        return args.architecture and OpenCLIPTextEncoder(
            args.architecture, args.weights
        )
    if args.architecture is not None:
        raise InputError(
            'expected --sentence-model or --architecture, found both'
        )
    return SentenceTextEncoder(args.sentence_model)


def main() -> None:
    """Detect and draw."""
    args = parse_args()
    with exit_on_input_error():
        from mmvision_ext.apis import OpenVocabDetInferencer
        from mmvision_ext.apis.context_maps import save_context

        detect = OpenVocabDetInferencer(
            args.config,
            args.checkpoint,
            args.device,
            args.score_thr,
            build_encoder(args),
            args.templates,
        )
        words = args.words or args.vocabulary
        results = detect(args.image, args.batch_size, words=words)
        files = results.save(args.out)
        if args.maps:
            readable = [result.source.name for result in results]
            files += save_context(detect.context(readable), args.out)
    for result in results:
        print(result.summary)
    print(f'{len(files)} files in {args.out}')


if __name__ == '__main__':
    main()
