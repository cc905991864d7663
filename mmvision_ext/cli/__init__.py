"""The command line: ``mmvision COMMAND``, and the tools that are one of them.

Each command is a module of this package with ``HELP``, ``EXAMPLE``,
``add_arguments(parser)`` and ``run(args)``, named in
:data:`~mmvision_ext.cli.commands.COMMANDS`. Modules import nothing large
before ``run``, so that help is shown at once.
"""

from .commands import main, run_tool

__all__ = ['main', 'run_tool']
