"""Which code and which processor a number comes from."""

import platform
import subprocess
from pathlib import Path


def code_commit() -> str:
    """The commit of this checkout.

    Results of studies do not count as changes: they are written while a
    study goes on.

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
    )
    return f'{commit}+changes' if changed else commit


def processor_name() -> str:
    """Model name of the processor, or its architecture where none is told."""
    info = Path('/proc/cpuinfo')
    for line in info.read_text().splitlines() if info.is_file() else []:
        if line.startswith('model name'):
            return line.partition(':')[2].strip()
    return platform.processor() or platform.machine()


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
