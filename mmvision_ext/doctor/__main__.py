"""Check this Python environment: ``python -m mmvision_ext.doctor``."""

import argparse
import sys
from importlib import import_module

from .environment import driver_cuda, installed_versions, wanted
from .finding import Finding, Level
from .hardware import TorchPair, check_ops, check_torch
from .packages import (
    check_clashes,
    check_opencv,
    check_python,
    check_versions,
)
from .report import print_findings, summary


def examine() -> list[Finding]:
    """Run every check.

    Returns:
        The findings, in the order of the report.
    """
    installed = installed_versions()
    asked = wanted()
    pair = TorchPair((asked.line('torch'), asked.line('torchvision')))
    return [
        check_python(tuple(sys.version_info[:3])),
        *check_clashes(installed, asked.install_command()),
        *check_versions(installed, asked),
        check_opencv(
            installed,
            lambda: import_module('cv2'),
            asked.line('opencv-python-headless'),
        ),
        *check_torch(driver_cuda(), pair),
        check_ops(),
    ]


def main(argv: list[str] | None = None) -> int:
    """Print the report.

    Args:
        argv: Command-line arguments without the program's name; those of
            the process when None.

    Returns:
        The exit status: 1 when something must be mended, else 0.
    """
    parser = argparse.ArgumentParser(
        prog='python -m mmvision_ext.doctor',
        description='Compare this Python environment with the tested set, '
        'and print the command that mends each problem. Exit status 1 when '
        'something must be mended. Example: python -m mmvision_ext.doctor',
    )
    parser.parse_args(argv)
    findings = examine()
    print_findings(findings)
    print(summary(findings))
    return int(any(item.level is Level.MEND for item in findings))


if __name__ == '__main__':
    raise SystemExit(main())
