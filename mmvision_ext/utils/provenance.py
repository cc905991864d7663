"""Which code, which machine and which command a number comes from."""

import platform
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def code_commit() -> str:
    """The commit of this checkout.

    Results of studies and benchmarks do not count as changes: they are
    written while these go on.

    Returns:
        Its first 12 digits, with ``+changes`` where tracked files differ
        from it; ``unknown`` outside a checkout.
    """
    commit = _git('rev-parse', '--short=12', 'HEAD')
    if commit is None:
        return 'unknown'
    changed = _git(
        'status',
        '--porcelain',
        '--untracked-files=no',
        '--',
        ':/',
        ':(top,exclude,glob)projects/*/results/**',
        ':(top,exclude)tools/benchmarks/results',
    )
    return f'{commit}+changes' if changed else commit


def processor_name() -> str:
    """Model name of the processor, or its architecture where none is told."""
    info = Path('/proc/cpuinfo')
    for line in info.read_text().splitlines() if info.is_file() else []:
        if line.startswith('model name'):
            return line.partition(':')[2].strip()
    return platform.processor() or platform.machine()


def hardware_name(device: 'torch.device | str') -> str:
    """What a device is.

    Args:
        device: Where a model is, or ``'cpu'``, ``'cuda'``.

    Returns:
        The GPU's name, or the processor's with the threads that torch uses.
    """
    import torch

    device = torch.device(device)
    if device.type == 'cuda':
        return torch.cuda.get_device_name(device)
    return f'{processor_name()}, {torch.get_num_threads()} thread(s)'


def command_line() -> str:
    """The command that started this process, to be typed again."""
    return shlex.join(['python', *sys.argv])


def _git(*arguments: str) -> str | None:
    try:
        return subprocess.run(
            ['git', *arguments],
            cwd=Path(__file__).resolve().parent,
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None
