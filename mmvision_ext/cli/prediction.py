"""What ``mmvision predict`` and the demos share: arguments and the work."""

import argparse
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from mmvision_ext.utils import InputError
from mmvision_ext.utils.arguments import (
    add_trust_checkpoint,
    describe,
    parse_one_input,
)

if TYPE_CHECKING:
    from mmvision_ext.apis.result_list import ResultList
    from mmvision_ext.apis.sources import ImageInput
    from mmvision_ext.apis.task import Task
    from mmvision_ext.models.text import TextEncoder

#: In the place of a checkpoint: the weights that the model index names.
PUBLISHED = 'published'
#: In the place of a checkpoint: none, since an exported file has its weights.
NO_CHECKPOINT = '-'
MODEL = 'config file, name of a config, or exported file (*.onnx)'
CHECKPOINT = f"checkpoint file or address, or '{PUBLISHED}' for the weights "
CHECKPOINT += f"that the model index names, or '{NO_CHECKPOINT}' with an "
CHECKPOINT += 'exported file'
INPUT = 'image file, folder, pattern, address or video'

#: Options of one task, which the others do not know.
_OPTIONS: dict[str, tuple[str, ...]] = {
    'detection': ('score_thr',),
    'open-vocabulary detection': (
        'score_thr',
        'words',
        'vocabulary',
        'sentence_model',
        'architecture',
        'weights',
        'maps',
    ),
    'classification': (),
    'attributes': ('thresholds',),
}


def add_shared(parser: argparse.ArgumentParser) -> None:
    """Add what every prediction takes beside model and input.

    Args:
        parser: The command line.
    """
    add_trust_checkpoint(parser)
    parser.add_argument(
        '--out', required=True, help='folder for the pictures and a JSON file'
    )
    parser.add_argument(
        '--batch-size',
        type=int,
        default=1,
        help='images that run through the model at once',
    )
    parser.add_argument(
        '--every',
        type=int,
        default=1,
        metavar='N',
        help='take every N-th frame of a video',
    )
    parser.add_argument('--device', help='such as cuda:0, mps or cpu')


def add_detection(parser: argparse.ArgumentParser) -> None:
    """Add the options of detectors.

    Args:
        parser: The command line.
    """
    parser.add_argument(
        '--score-thr',
        type=float,
        help='lowest score of a detection; without it 0.3',
    )


def add_attributes(parser: argparse.ArgumentParser) -> None:
    """Add the options of attribute models.

    Args:
        parser: The command line.
    """
    parser.add_argument(
        '--thresholds',
        type=_number_or_file,
        help='score from which an attribute is there, or the file with one '
        'for each; without it 0.5',
    )


def add_words(parser: argparse.ArgumentParser) -> None:
    """Add the options of detectors whose classes are words.

    Args:
        parser: The command line.
    """
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
        '--maps',
        action='store_true',
        default=None,
        help='also write what the context sees, context_*.png',
    )


def run_demo(
    prog: str,
    help_text: str,
    example: str,
    tasks: Sequence['Task'],
    *options: Callable[[argparse.ArgumentParser], None],
) -> None:
    """Run a demo: IMAGE CONFIG CHECKPOINT, and options.

    Args:
        prog: How the script is called.
        help_text: What it does.
        example: Its command lines, with PROG for ``prog``.
        tasks: Tasks that are possible here.
        *options: Add what is its own, such as :func:`add_detection`.

    Raises:
        SystemExit: The command line is wrong or asks for help, or an input
            cannot be used.
    """
    parser = argparse.ArgumentParser(prog=prog)
    describe(parser, help_text, example)
    parser.add_argument('input', metavar='image', help=INPUT)
    parser.add_argument('model', metavar='config', help=MODEL)
    parser.add_argument('checkpoint', help=CHECKPOINT)
    add_shared(parser)
    for add in options:
        add(parser)
    args = parse_one_input(parser)
    from mmvision_ext.engine.launch import exit_on_input_error

    with exit_on_input_error():
        predict(args, tasks)


def predict(args: argparse.Namespace, tasks: Sequence['Task']) -> None:
    """Predict, draw, write and say what was found.

    Args:
        args: The command line, with ``model``, ``checkpoint``, ``input`` and
            what the functions above add.
        tasks: Tasks that are possible here.

    Raises:
        InputError: An input cannot be used, the config is of another task, or
            an option is of another task.
    """
    from mmvision_ext.apis.exported_model import is_exported
    from mmvision_ext.apis.model import load_config
    from mmvision_ext.apis.task import INFERENCERS, task_of
    from mmvision_ext.utils.output_folder import check_folder

    check_folder(args.out)
    inputs = _input(args)
    exported = is_exported(args.model)
    config = args.model if exported else load_config(args.model)
    task = task_of(config)
    if task not in tasks:
        raise InputError(
            f'{args.model}: expected a config of {" or ".join(tasks)}, found '
            f'one of {task}. mmvision predict takes them all.'
        )
    given = _given(args, task)
    none = NO_CHECKPOINT if exported else PUBLISHED
    checkpoint = None if args.checkpoint == none else args.checkpoint
    words = given.pop('words', None) or given.pop('vocabulary', None)
    maps = given.pop('maps', False)
    if task == 'open-vocabulary detection':
        encoding = ('sentence_model', 'architecture', 'weights')
        given['encoder'] = build_encoder(
            *(given.pop(name, None) for name in encoding)
        )
    infer = INFERENCERS[task](config, checkpoint, args.device, **given)
    call = dict(words=words) if words else {}
    results: ResultList = infer(inputs, batch_size=args.batch_size, **call)
    files = results.save(args.out, progress=True)
    if maps:
        from mmvision_ext.apis.context_maps import save_context

        readable = [result.source for result in results]
        files += save_context(infer.context(readable), args.out)
    for result in results:
        print(result.summary)
    print(f'{len(files)} files in {args.out}')


def build_encoder(
    sentence_model: str | None,
    architecture: str | None,
    weights: str | None,
    device: str = 'cpu',
) -> 'TextEncoder | None':
    """Build the encoder of words that a command line names.

    Args:
        sentence_model: Folder or name for sentence-transformers.
        architecture: Of open_clip.
        weights: File or tag of open_clip.
        device: Such as ``'cuda:0'`` or ``'cpu'``.

    Returns:
        The encoder; None where none is named.

    Raises:
        InputError: Both kinds are named, or one half of an open_clip model;
            or this machine has no such device.
    """
    from mmvision_ext.apis.model import pick_device
    from mmvision_ext.models.text import (
        OpenCLIPTextEncoder,
        SentenceTextEncoder,
    )

    clip = architecture is not None or weights is not None
    if sentence_model is not None:
        if clip:
            raise InputError(
                'expected --sentence-model, or --architecture and --weights, '
                'found both'
            )
        return SentenceTextEncoder(sentence_model, pick_device(device))
    if not clip:
        return None
    if architecture is None or weights is None:
        raise InputError(
            'expected --architecture and --weights together, found one of them'
        )
    return OpenCLIPTextEncoder(architecture, weights, pick_device(device))


def _given(args: argparse.Namespace, task: str) -> dict[str, Any]:
    """Options of a task that were given; none of other tasks may be."""
    known = {name for names in _OPTIONS.values() for name in names}
    given = {
        name: value
        for name, value in vars(args).items()
        if name in known and value is not None
    }
    for name in given:
        if name not in _OPTIONS[task]:
            option = f'--{name.replace("_", "-")}'
            fitting = [item for item in _OPTIONS if name in _OPTIONS[item]]
            raise InputError(
                f'{option}: expected a config of {" or ".join(fitting)}, '
                f'found one of {task}: {args.model}. Leave {option} out.'
            )
    return given


def _input(args: argparse.Namespace) -> 'ImageInput':
    """The input, a video with every how many-th frame is taken."""
    from mmvision_ext.apis.videos import Video, is_video
    from mmvision_ext.utils.web import is_address

    if is_video(args.input) and not is_address(args.input):
        return Video(args.input, args.every)
    if args.every != 1:
        raise InputError(
            f'--every: expected a video, found {args.input}. Leave it out.'
        )
    return args.input


def _number_or_file(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text
