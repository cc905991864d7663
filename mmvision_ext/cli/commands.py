"""The table of commands, and the two ways to call one."""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from types import ModuleType

from mmvision_ext.utils.arguments import describe, parse_one_input
from mmvision_ext.utils.nearest import nearest
from mmvision_ext.version import __version__

from .completion import PrintCompletion

#: The commands, each a module of this package, in the order of the help.
COMMANDS = ('train', 'test', 'predict', 'browse', 'study', 'doctor')


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``mmvision``.

    Args:
        argv: The command line, without the program's name; None takes that of
            the process.

    Returns:
        Exit status.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    parser = build_parser()
    if not arguments:
        parser.print_help()
        return 0
    first = arguments[0]
    if not first.startswith('-') and first not in COMMANDS:
        parser.error(f'unknown command {first!r}{nearest(first, COMMANDS)}')
    args = parse_one_input(parser, arguments)
    return _module(args.command).run(args) or 0


def run_tool(command: str, prog: str) -> None:
    """Run a script that is one of the commands.

    Args:
        command: The command.
        prog: How the script is called, for its help.

    Raises:
        SystemExit: The command line is wrong or asks for help, or the command
            fails.
    """
    module = _module(command)
    parser = argparse.ArgumentParser(prog=prog)
    fill_parser(parser, module)
    if status := module.run(parser.parse_args()):
        raise SystemExit(status)


def build_parser() -> argparse.ArgumentParser:
    """The command line of ``mmvision`` with all its commands.

    Returns:
        The parser; what it reads has ``command``.
    """
    parser = argparse.ArgumentParser(
        prog='mmvision',
        description='Train, test and use the models of mmvision_ext.',
        epilog='mmvision COMMAND --help shows an example.',
    )
    parser.add_argument('--version', action='version', version=__version__)
    parser.add_argument('--print-completion', action=PrintCompletion)
    commands = parser.add_subparsers(
        dest='command', metavar='COMMAND', required=True
    )
    for name in COMMANDS:
        module = _module(name)
        short = module.HELP.split('\n')[0].rstrip('.')
        fill_parser(commands.add_parser(name, help=short), module)
    return parser


def fill_parser(parser: argparse.ArgumentParser, module: ModuleType) -> None:
    """Give a parser the text and the arguments of a command.

    Args:
        parser: The parser, with its ``prog``.
        module: The command.
    """
    describe(parser, module.HELP, module.EXAMPLE)
    module.add_arguments(parser)


def _module(command: str) -> ModuleType:
    return import_module(f'mmvision_ext.cli.{command}')
