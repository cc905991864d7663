"""Write text embeddings of a vocabulary, so that models need no text tower.

The names come from a vocabulary of the package, from a JSON file of its layout
(mmvision_ext/datasets/metadata/*_phrases.json) or from --words. The encoder is
a CLIP text tower of open_clip, or a sentence encoder. --tower also writes the
image tower of the same weights, for model.backbone.init_cfg.checkpoint.

RemoteCLIP is on Hugging Face (chendelong/RemoteCLIP); weights of a tag, such
as openai, are fetched. "-quickgelu" belongs to both of these, see
mmvision_ext/models/text/clip_activation.py.

Example:
    python tools/model_converters/encode_text.py apascal_64 \\
        --templates photo --architecture RN50-quickgelu --weights openai \\
        --tower checkpoints/clip-rn50_openai.pth \\
        --out checkpoints/clip-rn50_openai_apascal-64.safetensors
    python tools/model_converters/encode_text.py dior --templates aerial \\
        --architecture RN50-quickgelu \\
        --weights checkpoints/RemoteCLIP-RN50.pt \\
        --out checkpoints/remoteclip-rn50_dior.safetensors
    python tools/model_converters/encode_text.py --words ship "fishing boat" \\
        --sentence-model path/to/all-MiniLM-L6-v2 --out words.safetensors
"""

import argparse
from pathlib import Path

import torch

from mmvision_ext.cli.prediction import build_encoder
from mmvision_ext.engine.launch import exit_on_input_error
from mmvision_ext.models.text import (
    OpenCLIPTextEncoder,
    phrases_of,
    read_phrases,
    template_set,
    templates,
    vocabularies,
    write_embeddings,
)
from mmvision_ext.utils import InputError
from mmvision_ext.utils.arguments import add_trust_checkpoint, tool_parser
from mmvision_ext.utils.output_folder import check_folder


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = tool_parser(__doc__, out='file to write, *.safetensors')
    parser.add_argument(
        'vocabulary',
        nargs='?',
        help=f'{", ".join(vocabularies())}, or a JSON file',
    )
    parser.add_argument('--words', nargs='+', help='names of your own')
    parser.add_argument(
        '--templates',
        default='plain',
        choices=sorted(templates()),
        help='sentences around the names; plain is the names alone',
    )
    parser.add_argument('--architecture', help='of open_clip')
    parser.add_argument('--weights', help='file, or tag of open_clip')
    add_trust_checkpoint(parser)
    parser.add_argument(
        '--sentence-model', help='folder or name for sentence-transformers'
    )
    parser.add_argument(
        '--tower', type=Path, help='also write the image tower, *.pth'
    )
    parser.add_argument('--device', default='cpu', help='such as cuda:0')
    return parser.parse_args()


def check_outputs(args: argparse.Namespace) -> None:
    """Refuse to write over an input, or where nothing can be written."""
    taken = {'--weights': args.weights, 'the vocabulary': args.vocabulary}
    for option, path in (('--out', args.out), ('--tower', args.tower)):
        if path is None:
            continue
        for what, other in taken.items():
            if other and Path(other).resolve() == Path(path).resolve():
                raise InputError(
                    f'{option}: expected another file than {what}, which it '
                    f'would replace, found {path}'
                )
        if Path(path).is_dir():
            raise InputError(
                f'{option}: expected a file, found the folder {path}'
            )
        check_folder(Path(path).parent, option)
        taken[option] = path


def encode(args: argparse.Namespace) -> str:
    """Write the files; returns what was written."""
    if (args.vocabulary is None) == (args.words is None):
        raise InputError('expected either a vocabulary or --words')
    if not args.out.endswith('.safetensors'):
        raise InputError(
            f'--out: expected a file *.safetensors, found {args.out}'
        )
    check_outputs(args)
    phrases = (
        read_phrases(args.vocabulary)
        if args.words is None
        else phrases_of(args.words)
    )
    if args.tower is not None and args.sentence_model is not None:
        raise InputError(
            '--tower: expected an encoder with an image tower, found '
            '--sentence-model'
        )
    encoder = build_encoder(
        args.sentence_model, args.architecture, args.weights, args.device
    )
    if encoder is None:
        raise InputError(
            'expected either --architecture and --weights or '
            '--sentence-model, found neither'
        )
    found = encoder.embeddings(phrases, template_set(args.templates))
    write_embeddings(found, args.out)
    text = (
        f'{args.out}: {len(found.names)} names, {found.features.shape[1]} '
        f'dimensions, {len(found.prompts[0])} prompts each'
        f'{", with opposites" if found.absent is not None else ""}; '
        f'{found.encoder}'
    )
    if args.tower is not None and isinstance(encoder, OpenCLIPTextEncoder):
        args.tower.parent.mkdir(parents=True, exist_ok=True)
        torch.save(dict(state_dict=encoder.image_tower()), args.tower)
        text += f'\n{args.tower}: the image tower of the same weights'
    return text


def main() -> None:
    """Read the command line and encode."""
    args = parse_args()
    with exit_on_input_error():
        print(encode(args))


if __name__ == '__main__':
    main()
