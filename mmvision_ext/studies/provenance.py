"""Which code and which machine a run was made with."""

import os
import platform
import re
import subprocess
from pathlib import Path

GPU_LINE = re.compile(r'^\s+GPU [\d,]+: (.+)$', re.MULTILINE)
PROTOCOL_LINE = re.compile(r'ClassificationMetric: .*; protocol: (.+)$')
NOT_STATED = 'not stated'
LOG_HEAD = 65536  # characters; mmengine names the GPUs at the beginning


def code_commit() -> str:
    """The commit of this checkout.

    Results of studies do not count as changes: they are written while the
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
        ':(top,exclude)projects/*/results',
    )
    return f'{commit}+changes' if changed else commit


def hardware(log: Path) -> str:
    """What a training ran on.

    Args:
        log: What it printed; mmengine lists the GPUs that it sees.

    Returns:
        The GPUs, or the processor and its number of cores.
    """
    text = ''
    if log.is_file():
        with log.open(encoding='utf-8', errors='replace') as file:
            text = file.read(LOG_HEAD)
    gpus = GPU_LINE.findall(text)
    return ', '.join(gpus) if gpus else f'{_cpu()}, {os.cpu_count()} core(s)'


def protocol(log: Path) -> str:
    """How training and test images were chosen.

    Args:
        log: What a training printed; ``ClassificationMetric`` writes the
            dataset's protocol beside its numbers.

    Returns:
        The protocol of the last evaluation; empty where none is stated.
    """
    found = ''
    if log.is_file():
        with log.open(encoding='utf-8', errors='replace') as file:
            for line in file:
                if match := PROTOCOL_LINE.search(line):
                    found = match[1].strip()
    return '' if found == NOT_STATED else found


def _cpu() -> str:
    info = Path('/proc/cpuinfo')
    if info.is_file():
        for line in info.read_text().splitlines():
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
