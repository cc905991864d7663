"""Completion of the command line by the shell."""

import argparse
from collections.abc import Iterator, Sequence
from typing import Any

SHELLS = ('bash', 'zsh', 'tcsh')


class PrintCompletion(argparse.Action):
    """``--print-completion SHELL``: print what the shell has to source."""

    def __init__(self, option_strings: Sequence[str], dest: str) -> None:
        super().__init__(
            option_strings,
            dest,
            default=argparse.SUPPRESS,
            choices=SHELLS,
            help='print what this shell sources to complete commands, options '
            'and files; needs the package shtab',
        )

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        """Print the script and end.

        Args:
            parser: The command line.
            namespace: Not used.
            values: Name of the shell.
            option_string: Not used.

        Raises:
            SystemExit: Always; with status 2 where shtab is not installed.
        """
        try:
            import shtab
        except ImportError:
            parser.error(
                f'{option_string}: expected the package shtab, found it not '
                'installed: pip install shtab'
            )
        for action in _file_arguments(parser):
            vars(action)['complete'] = shtab.FILE
        print(shtab.complete(parser, shell=str(values)))
        parser.exit()


def _file_arguments(
    parser: argparse.ArgumentParser,
) -> Iterator[argparse.Action]:
    """Arguments that may be files: those of any text."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from _file_arguments(command)
        elif action.nargs != 0 and not action.choices and not action.type:
            yield action
