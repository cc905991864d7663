"""Arguments that the command-line tools share."""

import argparse
from collections.abc import Sequence
from typing import Any

from mmengine.config import DictAction

from mmvision_ext.engine.checkpointing import trust_checkpoint


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
        parser.add_argument(
            '--cfg-options',
            nargs='+',
            action=DictAction,
            help='settings to override, as key=value: a.b=1 c="[1,2]"',
        )
    return parser


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


class _Trust(argparse.Action):
    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        trust_checkpoint(str(values))
