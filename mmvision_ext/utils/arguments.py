"""Arguments that the command-line tools share.

Nothing large is imported before an argument needs it: ``--help`` is at once.
"""

import argparse
from collections.abc import Sequence
from typing import Any

from .errors import brief

LAUNCHERS = ('none', 'pytorch', 'slurm', 'mpi')


def tool_parser(
    description: str | None,
    *,
    model: bool = False,
    out: str | None = None,
    device: bool = False,
    cfg_options: bool = False,
) -> argparse.ArgumentParser:
    """Start the command line of a tool.

    Args:
        description: Docstring of the tool, shown as it stands.
        model: Whether it takes CONFIG and CHECKPOINT, and
            ``--trust-checkpoint``.
        out: Help of the required ``--out``; None leaves it out.
        device: Whether it takes ``--device``.
        cfg_options: Whether it takes ``--cfg-options``.

    Returns:
        The parser, to which the tool adds what is its own.
    """
    parser = argparse.ArgumentParser(
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    if model:
        parser.add_argument('config', help='config file')
        parser.add_argument('checkpoint', help='checkpoint file or address')
        add_trust_checkpoint(parser)
    if out is not None:
        parser.add_argument('--out', required=True, help=out)
    if device:
        parser.add_argument('--device', help='such as cuda:0 or cpu')
    if cfg_options:
        add_cfg_options(parser)
    return parser


def parse_one_input(
    parser: argparse.ArgumentParser, argv: Sequence[str] | None = None
) -> argparse.Namespace:
    """Read a command line that has one input, where it has an input.

    Args:
        parser: The command line.
        argv: Its arguments; None takes those of the process.

    Returns:
        What was read.

    Raises:
        SystemExit: The command line is wrong, or asks for help.
    """
    args, rest = parser.parse_known_args(argv)
    options = any(item.startswith('-') for item in rest)
    if rest and 'input' in args and not options:
        parser.error(
            f'input: expected one, found {len(rest)} more: {brief(rest)}. The '
            "shell turns a pattern into its files: quote it ('*.png'), or "
            'name the folder'
        )
    if rest:
        parser.error(f'unrecognized arguments: {" ".join(rest)}')
    return args


def describe(
    parser: argparse.ArgumentParser, help_text: str, example: str
) -> None:
    """Say what a command does and how it is called.

    Args:
        parser: The command line, with its ``prog``.
        help_text: What it does.
        example: Its command lines, indented, with PROG for ``prog``.
    """
    lines = example.strip('\n').replace('PROG', parser.prog)
    parser.description = f'{help_text.strip()}\n\nExample:\n{lines}'
    parser.formatter_class = argparse.RawDescriptionHelpFormatter


def add_cfg_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--cfg-options``, a dict of dotted keys; None where not given.

    Args:
        parser: Command line of a tool that reads a config.
    """
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=KeyValues,
        help='settings to override, as key=value: a.b=1 c="[1,2]"',
    )


def add_launcher(parser: argparse.ArgumentParser) -> None:
    """Add ``--launcher``, and what ``torch.distributed`` passes on.

    Args:
        parser: Command line of a tool that several processes run.
    """
    parser.add_argument(
        '--launcher',
        choices=LAUNCHERS,
        default='none',
        help='how the processes of a distributed job were started',
    )
    parser.add_argument(
        '--local_rank',
        '--local-rank',
        type=int,
        default=0,
        help='number of the process on its machine; launchers set it',
    )


def add_trust_checkpoint(parser: argparse.ArgumentParser) -> None:
    """Add ``--trust-checkpoint``, which is in force once it is parsed.

    Args:
        parser: Command line of a tool that reads checkpoints.
    """
    parser.add_argument(
        '--trust-checkpoint',
        action=_Trust,
        default=argparse.SUPPRESS,
        metavar='FILE',
        help='checkpoint, as it is named elsewhere on the command line or in '
        'the config, whose code may be run; may be given several times',
    )


class KeyValues(argparse.Action):
    """``key=value`` arguments as a dict, read as mmengine reads them."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        """Read the arguments.

        Args:
            parser: The command line.
            namespace: Gets the dict.
            values: The arguments.
            option_string: The option before them.
        """
        from mmengine.config import DictAction

        action = DictAction(self.option_strings, self.dest, nargs=self.nargs)
        action(parser, namespace, [], option_string)  # where none is given
        for item in values or ():
            try:
                action(parser, namespace, [item], option_string)
            except Exception:  # it asserts, and recurses into dicts
                parser.error(
                    f'{option_string} {item}: expected key=value, the value a '
                    'number, a text, [a,list] or (a,tuple) of these with '
                    'brackets in pairs; write a dict as dotted keys'
                )


class _Trust(argparse.Action):
    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        from mmvision_ext.engine.checkpointing import trust_checkpoint

        trust_checkpoint(str(values))
