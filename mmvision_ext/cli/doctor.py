"""``mmvision doctor``, the same as ``python -m mmvision_ext.doctor``."""

import argparse

HELP = """Compare this Python environment with the tested set.

Prints the command that mends each problem; exit status 1 when something must
be mended."""
EXAMPLE = """
    PROG
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add no arguments.

    Args:
        parser: The command line.
    """


def run(args: argparse.Namespace) -> int:
    """Print the report.

    Args:
        args: The command line.

    Returns:
        1 when something must be mended, else 0.
    """
    from mmvision_ext.doctor.__main__ import main

    return main([])
