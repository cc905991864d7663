"""What the log of a run says of its machine and its data."""

import os
import re
from pathlib import Path

from mmvision_ext.utils.provenance import processor_name

GPU_LINE = re.compile(r'^\s+GPU [\d,]+: (.+)$', re.MULTILINE)
PROTOCOL_LINE = re.compile(r'ClassificationMetric: .*; protocol: (.+)$')
NOT_STATED = 'not stated'
LOG_HEAD = 65536  # characters; mmengine names the GPUs at the beginning


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
    if gpus:
        return ', '.join(gpus)
    return f'{processor_name()}, {os.cpu_count()} core(s)'


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
